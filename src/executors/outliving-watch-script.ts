/**
 * What watches over an executor's commands from outside of it, in a few lines of sh: processes of half a megabyte together, where one of node has forty.
 * Its argument is the length of a tick in seconds. It is told by lines: `mark NAME=value`, `groups PATH` (how the names of the control groups
 * begin), `birth` before a command is begun, `+ gPID:START` and `- gPID:START` of a process group, `p` of a single process, `patience TICKS`, `alive`, and `bye`. The end of its
 * input without a `bye` is the executor's own; as many ticks without any line, while something runs, are longer than its lease. It says
 * `silent` then, before it ends anybody. START is the start time of /proc, by which a pid that is another process by now is known; `-` where
 * there is none.
 *
 * sh cannot wait for a line and for a time at once: an ear and a clock beside it write into one stream. Ticks are counted, and no clock is
 * read: a machine that slept, or stood still as a whole, makes one tick of it.
 */
export const OUTLIVING_WATCH = `# petrel: ends what an executor was running, when that is killed or stands still
exec 3<&0
{
  { while read -r line; do printf '%s\\n' "$line"; done; echo gone; } <&3 3<&- &
  ear=$!
  exec 3<&-
  while sleep "$1" && kill -0 "$ear" 2>/dev/null; do echo tick; done
} | {
exec 3<&-
# All of the watcher is one process group.
leave() { trap '' TERM; kill -s TERM 0; exit 0; }
led=' ' birth='' mark='' groups='' patience=0 silent=0 over=''
while [ -z "$over" ] && read -r word rest; do
  [ "$word" = tick ] || silent=0
  case $word in
    mark) mark=$rest ;;
    groups) groups=$rest ;;
    patience) patience=$rest ;;
    birth) birth=1 ;;
    +) led="$led$rest " birth='' ;;
    -) case $led in *" $rest "*) led="\${led%%" $rest "*} \${led#*" $rest "}" ;; esac ;;
    tick)
      silent=$((silent + 1))
      [ "$patience" -gt 0 ] && [ "$silent" -ge "$patience" ] && [ "$led$birth" != ' ' ] || continue
      over=silent
      (echo silent)
      # Apart, since nobody may read what this executor says.
      (echo "petrel: this executor shows no sign of life for longer than its lease: what it runs is ended" >&2) & ;;
    # Where a part of the watcher was killed the executor closes the rest, and is well.
    gone) kill -0 "$$" 2>/dev/null || leave; over=gone ;;
    bye) leave ;;
  esac
done
[ -n "$over" ] || leave

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
all TERM || leave
for round in 1 2 3 4 5 6 7; do all 0 || leave; pause; done
round=0
while all KILL && [ "$round" -lt 60 ]; do round=$((round + 1)); pause; done
leave
}
`;
