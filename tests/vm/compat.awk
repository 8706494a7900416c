# SPDX-License-Identifier: GPL-2.0-or-later
# The tables of docs/compatibility.md. Input: the table of guests without comments ("name|arch|suite|...|groups|..."), then
# findings ("id|status|reason") in files that are called like the guests.
BEGIN { FS = "|" }
FNR == 1 { table++; guest = FILENAME; sub(/.*\//, "", guest) }
table == 1 {
  names[++guests] = $1
  kernel[$1] = $2 " " $3
  lacks[$1] = $0 ~ /degraded/
  next
}
{
  if (!($1 in seen)) { seen[$1]; ids[++features] = $1 }
  status[guest, $1] = $2 == "ok" ? "works" : $2
  reason[guest, $1] = $3
  known[guest]
}

function title(name) { sub(/-amd64$/, "", name); return name }
# The guest with the same kernel that lacks nothing.
function whole(name,    i) {
  for (i = 1; i <= guests; i++) if (kernel[names[i]] == kernel[name] && !lacks[names[i]]) return names[i]
}

END {
  head = "| feature |"; rule = "| --- |"
  for (i = 1; i <= guests; i++)
    if (!lacks[names[i]] && names[i] in known) { head = head " " title(names[i]) " |"; rule = rule " --- |" }
  print head; print rule
  for (f = 1; f <= features; f++) {
    id = ids[f]; row = "| `" id "` |"; same = 1; first = ""
    split("", where)
    order = 0
    for (i = 1; i <= guests; i++) {
      name = names[i]
      if (lacks[name] || !(name in known)) continue
      now = status[name, id]
      if (first == "") first = now
      if (now != first) same = 0
      row = row " " now " |"
      if (now == "works" || reason[name, id] == "") continue
      why = "`" id "`, " now ": " reason[name, id]
      if (!(why in where)) why_of[++order] = why
      where[why] = where[why] (where[why] == "" ? "" : ", ") title(name)
    }
    if (same && first == "works") { always = always (always == "" ? "" : ", ") "`" id "`"; continue }
    print row
    for (i = 1; i <= order; i++) notes = notes "* " why_of[i] " (" where[why_of[i]] ")\n"
  }
  print "\nWorks in every one of them: " always ".\n\nWhy, as doctor says it:\n"
  printf "%s", notes
  print "\n| guest | feature | with all | here | why |\n| --- | --- | --- | --- | --- |"
  for (i = 1; i <= guests; i++) {
    name = names[i]
    if (!lacks[name] || !(name in known)) continue
    base = whole(name); differs = 0
    for (f = 1; f <= features; f++) {
      id = ids[f]
      if (status[name, id] == status[base, id] && reason[name, id] == reason[base, id]) continue
      differs = 1
      print "| " title(name) " | `" id "` | " status[base, id] " | " status[name, id] " | " reason[name, id] " |"
    }
    if (!differs) print "| " title(name) " | everything | | as with all | |"
  }
}
