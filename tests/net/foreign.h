/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* What the foreign filters count by. */
enum { FOREIGN_FRONT, FOREIGN_BEHIND, FOREIGN_PLACES };
enum { FOREIGN_FIRST_PORT = 20000, FOREIGN_PORTS = 4 };
