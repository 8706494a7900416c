# SPDX-License-Identifier: GPL-2.0-or-later
# bash completion of agentctl

_agentctl() {
  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} verb= file= i choices
  for ((i = 1; i < COMP_CWORD; i++)); do
    case ${COMP_WORDS[i]} in
      --socket) ((i++)) ;;
      -*) ;;
      *) verb+=${verb:+ }${COMP_WORDS[i]} ;;
    esac
  done
  case $previous:$verb in
    --socket:*) file=1 ;;
    *:) choices='status enforce restore config --socket --help --version' ;;
    *:status) choices='--json --socket --help' ;;
    *:enforce) choices='on off --socket --help' ;;
    *:restore) choices='--socket --help' ;;
    *:config) choices='check --help' ;;
    *:'config check') file=1 ;;
  esac
  COMPREPLY=()
  if [[ $file ]]; then
    compopt -o filenames 2>/dev/null
    mapfile -t COMPREPLY < <(compgen -f -- "$current")
  else
    mapfile -t COMPREPLY < <(compgen -W "$choices" -- "$current")
  fi
}
complete -F _agentctl agentctl
