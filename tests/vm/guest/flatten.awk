# SPDX-License-Identifier: GPL-2.0-or-later
# `agentctl status --json`, as indented as it comes, to one line a value: "state balanced", "interfaces.wan0.hook tcx".
# A member of a list is called by its name or id, otherwise by its number.
{
  depth = match($0, /[^ ]/)
  text = substr($0, depth)
  sub(/,$/, "", text)
  depth = (depth - 1) / 2
}
text == "}" || text == "]" { next }
{
  if (text ~ /^"[^"]*": /) {
    key = substr(text, 2, index(text, "\": ") - 2)
    text = substr(text, index(text, "\": ") + 3)
  } else {
    key = "#" (count[depth, path[depth - 1]]++)
  }
  path[depth] = (depth > 1 ? path[depth - 1] "." : "") key
}
text == "{" || text == "[" { next }
{
  if (text ~ /^".*"$/) text = substr(text, 2, length(text) - 2)
  if (key == "name" || key == "id") called[path[depth - 1]] = text
  keys[++lines] = path[depth]
  values[lines] = text
}
END {
  for (i = 1; i <= lines; i++) {
    raw = line = ""
    rest = keys[i]
    while (match(rest, /\.#[0-9]+/)) { # a member of a list
      raw = raw substr(rest, 1, RSTART + RLENGTH - 1)
      line = line substr(rest, 1, RSTART) (raw in called ? called[raw] : substr(rest, RSTART + 1, RLENGTH - 1))
      rest = substr(rest, RSTART + RLENGTH)
    }
    print line rest " " values[i]
  }
}
