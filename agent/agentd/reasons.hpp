// SPDX-License-Identifier: GPL-2.0-or-later
// What the numbers of bpf/abi.h mean to a person.
#pragma once

#include <string>

#include "abi.h"
#include "config/config.hpp"

namespace ebb {

const char* sentence(ebb_reason reason);  // why a packet passes
const char* verdict_word(
    unsigned verdict);  // "pass", "drop", "trim", "steer", "trim+steer", "answer", "limit"
std::string words(const Treatment& treatment);  // as in the configuration: "trim=64, steer"; "pass"

// "file:line:column" of a rule bit of the policy that was compiled from `config`; "": there is no such rule.
std::string rule_place(const Config& config, unsigned bit);

}  // namespace ebb
