// SPDX-License-Identifier: GPL-2.0-or-later
// Debian 13's libelf.a (elfutils 0.192) refers to two functions of a library that is not shipped (sourceware
// PR32293). They serve elf_getdata_rawchunk(), which libbpf never calls. Weak: a complete libelf.a wins.
void eu_search_tree_init(void* tree, int (*compare)(const void*, const void*)) __attribute__((weak));
void eu_search_tree_fini(void* tree, void (*free_node)(void*)) __attribute__((weak));

void eu_search_tree_init(void* tree, int (*compare)(const void*, const void*)) {
  (void)tree;
  (void)compare;
}

void eu_search_tree_fini(void* tree, void (*free_node)(void*)) {
  (void)tree;
  (void)free_node;
}
