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
    line = keys[i]
    for (one in called)
      if (index(line, one ".") == 1) {
        parent = one
        sub(/\.#[0-9]*$/, "", parent)
        line = parent "." called[one] substr(line, length(one) + 1)
      }
    print line " " values[i]
  }
}
