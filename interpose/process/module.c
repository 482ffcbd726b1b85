/* module.c - see module.h. */
#include "module.h"

#include <dlfcn.h>
#include <link.h>
#include <string.h>

#include "build_id.h"
#include "process.h"

#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 35)

static void
copy_path(struct sites_module *out, const char *path)
{
    size_t length = strnlen(path, sizeof out->path - 1);

    memcpy(out->path, path, length);
    out->path[length] = '\0';
}

/* An object usually begins with its ELF header. */
static void
find_build_id(uintptr_t base, uintptr_t start, struct sites_module *out)
{
    const ElfW(Ehdr) *header = (const ElfW(Ehdr) *)start;
    const ElfW(Phdr) * segment;

    if (memcmp(header->e_ident, ELFMAG, SELFMAG) != 0)
        return;
    segment = (const ElfW(Phdr) *)(start + header->e_phoff);
    for (int i = 0; i < header->e_phnum && out->build_id[0] == '\0'; i++) {
        if (segment[i].p_type == PT_NOTE)
            build_id_read((const char *)base + segment[i].p_vaddr,
                          segment[i].p_memsz, out->build_id,
                          sizeof out->build_id);
    }
}

bool
module_find(uintptr_t address, struct sites_module *out)
{
    struct dl_find_object found;
    const struct link_map *map;

    memset(out, 0, sizeof *out);
    if (_dl_find_object((void *)address, &found) != 0)
        return false;
    map = found.dlfo_link_map;
    out->start = (uintptr_t)found.dlfo_map_start;
    out->end = (uintptr_t)found.dlfo_map_end;
    out->base = map->l_addr;
    copy_path(out, map->l_name[0] != '\0'
                       ? map->l_name
                       : process_name_file(&process_self()->name));
    find_build_id(out->base, out->start, out);
    return true;
}

#else

bool
module_find(uintptr_t address, struct sites_module *out)
{
    (void)address;
    (void)out;
    return false;
}

#endif
