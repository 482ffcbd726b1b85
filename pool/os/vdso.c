/*
 * vdso.c - looks a function up in the shared object that the kernel maps.
 *
 * The symbols are found by the section header: the kernel's image is mapped
 * as a whole, and which kind of hash table it has depends on its age.
 */
#include "vdso.h"

#include <link.h>
#include <stddef.h>
#include <string.h>
#include <sys/auxv.h>

typedef ElfW(Ehdr) elf_header;
typedef ElfW(Phdr) elf_segment;
typedef ElfW(Shdr) elf_section;
typedef ElfW(Sym) elf_symbol;

/* Requires image to be an ELF image, or NULL. */
static const elf_section *
find_symbols(const char *image, const elf_section **section)
{
    const elf_header *header = (const void *)image;

    if (image == NULL || header->e_shoff == 0 ||
        header->e_shentsize != sizeof(**section))
        return NULL;
    *section = (const void *)(image + header->e_shoff);
    for (unsigned i = 0; i < header->e_shnum; i++) {
        const elf_section *at = &(*section)[i];

        if (at->sh_type == SHT_DYNSYM && at->sh_link < header->e_shnum)
            return at;
    }
    return NULL;
}

/* The place of the image's address 0. */
static uintptr_t
find_base(const char *image)
{
    const elf_header *header = (const void *)image;
    const elf_segment *segment = (const void *)(image + header->e_phoff);

    for (unsigned i = 0; i < header->e_phnum; i++) {
        if (segment[i].p_type == PT_LOAD)
            return (uintptr_t)image + segment[i].p_offset - segment[i].p_vaddr;
    }
    return (uintptr_t)image;
}

void (*vdso_find(const char *name))(void)
{
    const char *image = (const char *)getauxval(AT_SYSINFO_EHDR);
    const elf_section *section;
    const elf_section *symbols = find_symbols(image, &section);

    if (symbols == NULL)
        return NULL;

    const elf_symbol *symbol = (const void *)(image + symbols->sh_offset);
    const char *names = image + section[symbols->sh_link].sh_offset;

    for (size_t i = symbols->sh_size / sizeof(*symbol); i > 0; i--, symbol++) {
        if (symbol->st_shndx != SHN_UNDEF &&
            strcmp(names + symbol->st_name, name) == 0)
            return (void (*)(void))(find_base(image) + symbol->st_value);
    }
    return NULL;
}
