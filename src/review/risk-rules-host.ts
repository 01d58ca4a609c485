import type { RuleRow } from "./risk-rule.js";

/** What shells, desktops and programs read from a home directory or a project. */
export const SHELLS: readonly RuleRow[] = [
  {
    level: "high",
    reason: "direnv or the shell runs it when the directory is entered",
    matches: `
      .envrc .autoenv* .autoenv.zsh .env.local.sh direnvrc .direnvrc .tool-versions mise.toml
      .mise.toml mise.*.toml .mise.*.toml .mise/** .config/mise/** .rtx.toml .ondirrc
    `,
  },
  {
    level: "high",
    reason: "shells run it when they start",
    matches: `
      .bashrc .bash_profile .bash_login .bash_logout .bash_aliases .bashrc.d/** .profile
      .login .logout .zshrc .zshenv .zprofile .zlogin .zlogout .zshrc.local .oh-my-zsh/**
      .cshrc .tcshrc .kshrc .mkshrc .shrc .shinit config.fish fish/conf.d/** fish/functions/**
      fish/completions/** .inputrc .xonshrc config.nu env.nu Microsoft.PowerShell_profile.ps1
      profile.ps1 bash_completion.d/** .bash_completion profile.d/**
    `,
  },
  {
    level: "high",
    reason: "it decides who can log in, or what runs on a connection",
    matches: `
      .ssh/** .gnupg/** .rhosts .shosts .netrc .pam_environment
    `,
  },
  {
    level: "high",
    reason: "the system or the desktop starts it by itself",
    matches: `
      systemd/user/** *.service *.timer *.socket autostart/*.desktop *.desktop crontab
      cron.d/** cron.daily/** init.d/** udev/rules.d/** .xinitrc .xsession .xsessionrc
      .xprofile .Xresources LaunchAgents/** LaunchDaemons/** ld.so.preload autorun.inf
      desktop.ini
    `,
  },
  {
    level: "high",
    reason: "a program reads it when it starts and runs what it says",
    matches: `
      .gdbinit .gdbinit.d/** *-gdb.py *-gdb.gdb .lldbinit .tmux.conf .screenrc .psqlrc
      .sqliterc .my.cnf .pythonrc* .pdbrc .ipython/** .jupyter/** jupyter_*config.*
      ipython_config.py .irbrc .pryrc .rdbgrc .Rprofile .Renviron Rprofile.site
      .julia/config/** startup.jl .ghci .ocamlinit .iex.exs .guile .octaverc .wgetrc .curlrc
      .lesskey .lessfilter .mailcap .muttrc .kube/** .docker/** .aws/** .config/gcloud/**
      .terraformrc .htaccess .user.ini .php.ini
    `,
  },
  {
    level: "medium",
    reason: "many programs take their environment from it",
    matches: `
      .env .env.* *.env .flaskenv
    `,
  },
];
