/* imports.c - see imports.h. */
#include "imports.h"

#include <elf.h>
#include <link.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include "base.h"
#include "os.h"

#if defined(__x86_64__)
enum { SLOT_OF_CALL = R_X86_64_JUMP_SLOT, SLOT_OF_DATA = R_X86_64_GLOB_DAT };
#else
enum { SLOT_OF_CALL = R_AARCH64_JUMP_SLOT, SLOT_OF_DATA = R_AARCH64_GLOB_DAT };
#endif

struct object {
    uintptr_t base;
    uintptr_t end; /* of its highest segment */
    uintptr_t readonly;
    uintptr_t readonly_end;
    const ElfW(Sym) * symbols;
    const char *names;
    const ElfW(Rela) * calls;
    size_t calls_count;
    const ElfW(Rela) * data;
    size_t data_count;
    size_t data_relative; /* so many of the first entries name no symbol */
};

struct redirection {
    const struct import_redirect *redirects;
    size_t count;
};

/* glibc adds the base to these addresses, but not in the vDSO. */
static const void *
address(const struct object *object, uintptr_t value)
{
    return (const void *)(value < object->base ? object->base + value : value);
}

static void
read_dynamic(struct object *object, const ElfW(Dyn) * at)
{
    for (; at->d_tag != DT_NULL; at++) {
        if (at->d_tag == DT_SYMTAB)
            object->symbols = address(object, at->d_un.d_ptr);
        else if (at->d_tag == DT_STRTAB)
            object->names = address(object, at->d_un.d_ptr);
        else if (at->d_tag == DT_JMPREL)
            object->calls = address(object, at->d_un.d_ptr);
        else if (at->d_tag == DT_PLTRELSZ)
            object->calls_count = at->d_un.d_val / sizeof(ElfW(Rela));
        else if (at->d_tag == DT_RELA)
            object->data = address(object, at->d_un.d_ptr);
        else if (at->d_tag == DT_RELASZ)
            object->data_count = at->d_un.d_val / sizeof(ElfW(Rela));
        else if (at->d_tag == DT_RELACOUNT)
            object->data_relative = at->d_un.d_val;
    }
}

static void
read_object(struct object *object, const struct dl_phdr_info *info)
{
    const ElfW(Dyn) *dynamic = NULL;

    *object = (struct object){.base = info->dlpi_addr};
    for (unsigned i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &info->dlpi_phdr[i];
        uintptr_t start = info->dlpi_addr + part->p_vaddr;

        if (part->p_type == PT_LOAD && start + part->p_memsz > object->end)
            object->end = start + part->p_memsz;
        if (part->p_type == PT_GNU_RELRO) {
            object->readonly = align_down(start, os_page_bytes());
            object->readonly_end =
                align_down(start + part->p_memsz, os_page_bytes());
        }
        if (part->p_type == PT_DYNAMIC)
            dynamic = (const ElfW(Dyn) *)start;
    }
    if (dynamic != NULL)
        read_dynamic(object, dynamic);
    if (object->calls == NULL)
        object->calls_count = 0;
    if (object->data == NULL || object->data_relative > object->data_count)
        object->data_count = object->data_relative = 0;
}

/* The next slot at or after *next for the name; NULL: no more. */
static void **
find_slot(const struct object *object, const char *name, size_t *next)
{
    size_t data = object->data_count - object->data_relative;

    while (*next < object->calls_count + data) {
        size_t i = (*next)++;
        const ElfW(Rela) *entry =
            i < object->calls_count
                ? &object->calls[i]
                : &object
                       ->data[object->data_relative + i - object->calls_count];
        unsigned type = ELF64_R_TYPE(entry->r_info);
        const char *found =
            object->names + object->symbols[ELF64_R_SYM(entry->r_info)].st_name;

        if ((type == SLOT_OF_CALL || type == SLOT_OF_DATA) &&
            found[0] == name[0] && strcmp(found, name) == 0)
            return (void **)(object->base + entry->r_offset);
    }
    return NULL;
}

static bool
write_slot(const struct object *object, void **slot, void *value)
{
    uintptr_t at = (uintptr_t)slot;
    void *page = (void *)align_down(at, os_page_bytes());
    bool readonly = at >= object->readonly && at < object->readonly_end;

    if (readonly &&
        mprotect(page, os_page_bytes(), PROT_READ | PROT_WRITE) != 0)
        return false;
    __atomic_store_n(slot, value, __ATOMIC_RELEASE);
    if (readonly)
        (void)mprotect(page, os_page_bytes(), PROT_READ);
    return true;
}

/* True if the loader has not filled the slot: it leads to its object's code. */
static bool
is_unresolved(const struct object *object, const void *value)
{
    return (uintptr_t)value >= object->base && (uintptr_t)value < object->end;
}

/* Returns how many slots the object has for the name. */
static unsigned
redirect(const struct object *object, const struct import_redirect *wanted)
{
    unsigned found = 0;
    size_t next = 0;
    void **slot;

    while ((slot = find_slot(object, wanted->name, &next)) != NULL) {
        found++;
        if (*slot == wanted->function || is_unresolved(object, *slot))
            (void)write_slot(object, slot, wanted->instead);
    }
    return found;
}

static int
visit(struct dl_phdr_info *info, size_t size, void *context)
{
    const struct redirection *all = context;
    struct object object;

    (void)size;
    read_object(&object, info);
    if (object.symbols == NULL || object.names == NULL ||
        ((uintptr_t)visit >= object.base && (uintptr_t)visit < object.end))
        return 0;
    if (redirect(&object, &all->redirects[0]) == 0)
        return 0;
    for (size_t i = 1; i < all->count; i++)
        (void)redirect(&object, &all->redirects[i]);
    return 0;
}

void
imports_redirect(const struct import_redirect *redirects, size_t count)
{
    struct redirection all = {redirects, count};

    (void)dl_iterate_phdr(visit, &all);
}
