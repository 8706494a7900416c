# SPDX-License-Identifier: GPL-2.0-or-later
# The oracle of prove-sensors: what a recorded tree says, by plain reads and the kernel's documentation.
# awk -f sensors.awk FILE...: every file of the tree, "./sys/..."; prints "NAME VALUE", or "NAME unknown".
{ text[FILENAME] = FNR == 1 ? $0 : text[FILENAME] "\n" $0 }

function has(file) { return file in text }
function whole(file, least, most) {
  return has(file) && text[file] ~ /^-?[0-9]+$/ && text[file] + 0 >= least && text[file] + 0 <= most
}
function say(name, value) { print name, bad[name] || value == "" ? "unknown" : sprintf("%.9g", value) }
function say_word(name, value) { print name, bad[name] || value == "" ? "unknown" : value }
function folder(file) { sub(/\/[^\/]*$/, "", file); return file }
function type_is_known(type) { return type ~ /^(Battery|Mains|UPS|Wireless|Unknown|BrickID|USB.*)$/ }

function frequency(file, dir, percent, best) {
  best = ""
  for (file in text) {
    if (file !~ /\/cpufreq\/policy(0|[1-9][0-9]*)\/scaling_cur_freq$/) continue
    dir = folder(file)
    if (!whole(file, 1, 1e8) || !whole(dir "/cpuinfo_max_freq", 1, 1e8) || text[file] > 2 * text[dir "/cpuinfo_max_freq"]) {
      bad["frequency"] = 1
      continue
    }
    percent = 100 * text[file] / text[dir "/cpuinfo_max_freq"]
    if (best == "" || percent > best) best = percent
  }
  say("frequency", best)
}

# A zone without a usable trip point has no margin, however its other files look.
function heat(file, dir, i, hottest, nearest, trip, type, at, broken) {
  hottest = nearest = ""
  for (file in text) {
    if (file !~ /\/thermal\/thermal_zone[0-9]+\/temp$/) continue
    dir = folder(file)
    trip = broken = ""
    for (i = 0; i < 12; ++i) {
      type = dir "/trip_point_" i "_type"; at = dir "/trip_point_" i "_temp"
      if (!has(type) || text[type] == "active") continue
      if (text[type] !~ /^(passive|hot|critical)$/ || !whole(at, -1e10, 1e10)) { broken = 1; continue }
      if (text[at] > 0 && text[at] <= 200000 && (trip == "" || text[at] < trip)) trip = text[at] + 0
    }
    if (trip != "" && broken) bad["heat_margin"] = 1
    if (!whole(file, -60000, 200000)) {
      bad["temperature"] = 1
      if (trip != "") bad["heat_margin"] = 1
      continue
    }
    if (hottest == "" || text[file] / 1000 > hottest) hottest = text[file] / 1000
    if (trip != "" && (nearest == "" || (trip - text[file]) / 1000 < nearest)) nearest = (trip - text[file]) / 1000
  }
  say("temperature", hottest); say("heat_margin", nearest)
}

function flow(dir, watts, status) {
  status = text[dir "/status"]
  if (has(dir "/power_now")) {
    if (!whole(dir "/power_now", -1e10, 1e10)) return "bad"
    watts = text[dir "/power_now"] / 1e6
  } else {
    if (!whole(dir "/current_now", -1e10, 1e10) || !whole(dir "/voltage_now", 0, 1e10)) return "bad"
    watts = text[dir "/current_now"] * text[dir "/voltage_now"] / 1e12
  }
  if (watts < 0) watts = -watts
  if (status == "Discharging") return watts
  if (status == "Charging") return -watts
  return (status == "Full" || status == "Not charging") && watts == 0 ? 0 : "bad"
}

# Of the fixtures none has two batteries: weights are tried in the unit tests.
function supplies(file, dir, type, mains, watts, charge, power) {
  mains = charge = power = ""
  for (file in text) {
    if (file !~ /\/power_supply\/[^\/]+\/type$/) continue
    dir = folder(file); type = text[file]
    if (!type_is_known(type) || (has(dir "/scope") && text[dir "/scope"] !~ /^(Unknown|System|Device)$/)) { bad["mains"] = bad["battery"] = bad["battery_power"] = 1; continue }
    if (text[dir "/scope"] == "Device") continue
    if (type ~ /^(Mains|Wireless|USB.*)$/) {
      if (!whole(dir "/online", 0, 2)) bad["mains"] = 1
      else if (text[dir "/online"] > 0) mains = "online"
      else if (mains == "") mains = "offline"
    }
    if (type == "Battery" && text[dir "/present"] != "0") {
      if (whole(dir "/capacity", 0, 100)) charge = text[dir "/capacity"]; else bad["battery"] = 1
      if (has(dir "/energy_full") && !whole(dir "/energy_full", 1000, 1e12)) bad["battery"] = 1
      watts = flow(dir)
      if (watts == "bad") bad["battery_power"] = 1; else power += watts
    }
  }
  say_word("mains", mains); say("battery", charge); say("battery_power", power)
}

function under_voltage(file, found) {
  found = ""
  for (file in text)
    if (file ~ /\/hwmon[0-9]+\/(device\/)?in[0-9]+_lcrit_alarm$/) {
      if (!whole(file, 0, 1)) bad["under_voltage"] = 1
      else if (text[file] + 0 == 1) found = "yes"
      else if (found == "") found = "no"
    }
  say_word("under_voltage", found)
}

function pressure(name, file, words, avg) {
  split(text[file], words, " ")
  avg = words[2]; sub(/^avg10=/, "", avg)
  say(name, words[1] == "some" && words[2] ~ /^avg10=[0-9]+(\.[0-9]+)?$/ && words[3] ~ /^avg60=/ && avg + 0 <= 100 ? avg : "")
}

function run_queue(lines, count, i, cpus, running) {
  running = ""; cpus = 0
  count = split(text["./proc/stat"], lines, "\n")
  for (i = 1; i <= count; ++i) {
    if (lines[i] ~ /^cpu[^ ]/) ++cpus
    if (i < count && lines[i] ~ /^procs_running +[0-9]+( |$)/) { running = lines[i]; sub(/^procs_running +/, "", running); running += 0 }
  }
  say("run_queue", running != "" && running >= 1 && running <= 4194304 && cpus ? (running - 1) / cpus : "")
}

END {
  for (file in text) sub(/[ \t\r\n]+$/, "", text[file])
  frequency(); heat(); supplies(); under_voltage()
  pressure("cpu_pressure", "./proc/pressure/cpu"); pressure("memory_pressure", "./proc/pressure/memory")
  run_queue()
}
