/**
 * What watches over an executor's commands from outside of it, in a few lines of sh: a process of one megabyte, where one of node has forty.
 * It is told by lines: `mark NAME=value`, `groups PATH` (how the names of the control groups begin), `+ gPID:START` and `- gPID:START` of a
 * process group, `p` of a single process, and `bye`. The end of its input without a `bye` is the executor's own. START is the start time of
 * /proc, by which a pid that is another process by now is known; `-` where there is none.
 */
export const OUTLIVING_WATCH = `# petrel: ends what an executor was running, when that is killed
led=' ' mark='' groups='' bye=''
while read -r word rest; do
  case $word in
    mark) mark=$rest ;;
    groups) groups=$rest ;;
    +) led="$led$rest " ;;
    -) case $led in *" $rest "*) led="\${led%%" $rest "*} \${led#*" $rest "}" ;; esac ;;
    bye) bye=1; break ;;
  esac
done
[ -z "$bye" ] || exit 0

# Whether the process is the one that was meant; of a group whose leader is gone, the number is still its own.
same() {
  [ "$2" != - ] && stat=$(cat "/proc/$1/stat" 2>/dev/null) && [ -n "$stat" ] || return 0
  rest=$2
  set -- \${stat##*)}
  [ "\${20}" = "$rest" ]
}
reach() {
  kill -s "$how" -- "$1" 2>/dev/null && found=1
}
# Sends a signal to all that is left, and says whether there was anybody.
all() {
  how=$1 found=''
  for one in $led; do
    pid=\${one%%:*}; kind=\${pid%"\${pid#?}"}; pid=\${pid#?}
    same "$pid" "\${one#*:}" || continue
    if [ "$kind" = g ]; then reach "-$pid"; else reach "$pid"; fi
  done
  if [ -n "$groups" ]; then
    for dir in "$groups"*; do
      [ -f "$dir/cgroup.procs" ] || continue
      # Who cannot fork any more cannot get away either.
      [ "$how" != KILL ] || echo 0 2>/dev/null >"$dir/pids.max"
      for pid in $(cat "$dir/cgroup.procs" 2>/dev/null); do reach "$pid"; done
      rmdir "$dir" 2>/dev/null
    done
  fi
  if [ -n "$mark" ]; then
    for file in $(LC_ALL=C grep -slF -e "$mark" /proc/[0-9]*/environ); do
      pid=\${file#/proc/}; reach "\${pid%/environ}"
    done
  fi
  [ -n "$found" ]
}
pause() { sleep 0.1 2>/dev/null || sleep 1; }

# A kill is TERM, grace, KILL; and what forks while it is looked for is looked for again.
all TERM || exit 0
for round in 1 2 3 4 5 6 7; do all 0 || exit 0; pause; done
round=0
while all KILL && [ "$round" -lt 60 ]; do round=$((round + 1)); pause; done
exit 0
`;
