import type { RuleRow } from "./risk-rule.js";

/** Python runs these by itself, also in an installed tree. */
export const PYTHON: readonly RuleRow[] = [
  {
    level: "high",
    reason: "Python runs it at every start",
    matches: `
      *.pth sitecustomize.py usercustomize.py *.egg-link pyvenv.cfg
    `,
  },
];

/** Trees of installed code: one reason for all of it, whatever the files are called. */
export const INSTALLED: readonly RuleRow[] = [
  {
    level: "medium",
    reason: "installed code that runs when the project runs",
    matches: `
      node_modules/** bower_components/** jspm_packages/** .venv/** venv/** virtualenv/**
      .virtualenv/** site-packages/** dist-packages/** .tox/** .nox/** vendor/bundle/** .pnp.*
      .yarn/cache/** .yarn/unplugged/** __pycache__/** *.pyc
    `,
  },
];

/** Test runners, linters and bundlers. */
export const TOOLS: readonly RuleRow[] = [
  {
    level: "high",
    reason: "pytest runs it before any test",
    matches: `
      conftest.py
    `,
  },
  {
    level: "medium",
    reason: "the test runner, linter or bundler loads it as code",
    matches: `
      pytest.ini .coveragerc *.config.js *.config.cjs *.config.mjs *.config.ts *.config.cts
      *.config.mts *.conf.js *.conf.ts .eslintrc* .prettierrc* .stylelintrc* .babelrc*
      .mocharc* .nycrc* .c8rc* .swcrc .postcssrc* .browserslistrc .rspec .rubocop.yml
      .pylintrc pylintrc mypy.ini .flake8 phpunit.xml* .php-cs-fixer* .credo.exs
      .formatter.exs .golangci.y*ml clippy.toml .clippy.toml .clang-tidy biome.json*
      tsconfig*.json jsconfig.json babel.config.json sonar-project.properties spec_helper.rb
      rails_helper.rb *.ipynb
    `,
  },
];
