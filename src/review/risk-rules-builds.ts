import type { RuleRow } from "./risk-rule.js";

/** Runs when somebody installs, builds or starts the project. */
export const BUILDS: readonly RuleRow[] = [
  {
    level: "high",
    reason: "its scripts run on install, build and test",
    matches: `
      package.json package.json5 package.yaml
    `,
  },
  {
    level: "high",
    reason: "the package manager obeys it, and it can name programs and registries",
    matches: `
      .npmrc .yarnrc* .yarn/releases/** .yarn/plugins/** .yarn/sdks/** .pnpmfile.* pnpmfile.*
      pnpm-workspace.yaml bunfig.toml .pip/** pip.conf pip.ini .pypirc uv.toml .condarc .gemrc
      .bundle/** .cargo/config .cargo/config.toml .cargo/bin/** .m2/** .mvn/** nuget.config
      auth.json .gradle/init.gradle* .gradle/init.d/** .gradle/gradle.properties init.gradle*
    `,
  },
  {
    level: "medium",
    reason: "it fixes which code the next install fetches",
    matches: `
      package-lock.json npm-shrinkwrap.json yarn.lock pnpm-lock.yaml bun.lock bun.lockb
      deno.lock Cargo.lock go.sum go.work.sum Gemfile.lock gems.locked composer.lock
      poetry.lock uv.lock pdm.lock Pipfile.lock pylock*.toml conda-lock.yml pixi.lock
      flake.lock npins/** Podfile.lock Package.resolved pubspec.lock mix.lock rebar.lock
      gradle.lockfile *.lockfile packages.lock.json paket.lock project.assets.json
      Manifest.toml renv.lock stack.yaml.lock cabal.project.freeze Cartfile.resolved
      MODULE.bazel.lock conan.lock vcpkg-configuration.json .terraform.lock.hcl Chart.lock
      shard.lock devbox.lock devenv.lock
    `,
  },
  {
    level: "medium",
    reason: "it decides what is installed and which scripts run then",
    matches: `
      deno.json* jsr.json Cargo.toml go.mod go.work Gemfile gems.rb *.gemspec composer.json
      pyproject.toml setup.py setup.cfg requirements*.txt requirements*.in requirements/*.txt
      constraints*.txt Pipfile environment.y*ml pixi.toml pom.xml *.csproj *.fsproj *.vbproj
      *.vcxproj *.sln *.props *.targets global.json packages.config dotnet-tools.json
      Package.swift Podfile Cartfile pubspec.yaml mix.exs rebar.config stack.yaml *.cabal
      cabal.project* project.clj deps.edn shadow-cljs.edn elm.json dune-project *.opam
      *.rockspec *.nimble shard.yml conanfile.* vcpkg.json DESCRIPTION cpanfile Brewfile
      .node-version .nvmrc .python-version .ruby-version .java-version .sdkmanrc
      rust-toolchain rust-toolchain.toml
    `,
  },
  {
    level: "medium",
    reason: "the build or the task runner runs what it says",
    matches: `
      Makefile Makefile.* GNUmakefile BSDmakefile *.mk *.mak justfile .justfile *.just
      Taskfile.y*ml Taskfile.*.y*ml CMakeLists.txt *.cmake CMakePresets.json
      CMakeUserPresets.json meson.build meson_options.txt configure configure.ac configure.in
      *.m4 autogen.sh bootstrap.sh build.ninja SConstruct SConscript wscript waf Tupfile*
      BUILD BUILD.bazel WORKSPACE WORKSPACE.bazel MODULE.bazel *.bzl .bazelrc .buckconfig BUCK
      Rakefile *.rake Thorfile Guardfile Capfile Vagrantfile Berksfile build.rs build.zig
      build.xml build.sbt *.sbt build.sc build.gradle* settings.gradle* *.gradle *.gradle.kts
      gradle.properties gradlew* gradle/wrapper/** gradle/*.toml gradle/*.gradle gradle/*.kts
      mvnw* Setup.hs Shakefile.hs Snakefile Earthfile dagger.json noxfile.py tox.ini dodo.py
      tasks.py fabfile.py pavement.py binding.gyp *.gyp *.gypi turbo.json nx.json lerna.json
      project.json Jakefile* Cakefile gulpfile.* Gruntfile.* *.pro premake*.lua xmake.lua
      build.lua magefile.go flake.nix shell.nix default.nix *.nix devenv.y*ml devbox.json
      manifest.scm guix.scm
    `,
  },
  {
    level: "medium",
    reason: "the container is built or started as it says",
    matches: `
      Dockerfile Dockerfile.* *.dockerfile Containerfile Containerfile.* docker-compose*.y*ml
      compose.y*ml compose.*.y*ml docker-bake.* .dockerignore Chart.yaml helmfile.y*ml
      kustomization.y*ml *.tf *.tfvars terragrunt.hcl Pulumi*.y*ml playbook*.y*ml ansible.cfg
    `,
  },
];
