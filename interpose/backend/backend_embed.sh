#!/bin/sh
# Makes one relocatable object of jemalloc that can live inside libmidpool.so:
#
#   backend_embed.sh libjemalloc_pic.a OUTPUT.o SCRATCH_DIR AR LD OBJCOPY
#
# - free is jemalloc's own, under the name that backend.h declares; likewise
#   the other functions below, also where jemalloc calls them itself; everything
#   else but a variable becomes local to the object;
# - what it takes from libc and midpool must own becomes backend_je_*, defined
#   in backend_*.c (the list below says why);
# - its constructor is left out: backend_configure starts jemalloc, where the
#   process can bear it;
# - the C++ operators are left out: midpool has its own, in C.
set -eu

archive=$(realpath "$1")
output=$(realpath "$2")
scratch=$3
ar=$4
ld=$5
objcopy=$6

# Of libc, taken over because
#   pthread_atfork      midpool runs the handlers, in the right order
#   pthread_mutex_*     a lock that knows its owner makes fork safe
#   pthread_cond_*      work on these locks
#   mmap munmap sbrk    one window of addresses, so that ownership is known
#   madvise             free keeps errno
#   dlsym atexit        allocate
#   clock_gettime       libfaketime's allocates
#   exp log round       would load libm into every process
#   strerror_r          allocates, from glibc 2.41 on
owned='pthread_atfork pthread_mutex_init pthread_mutex_lock
pthread_mutex_trylock pthread_mutex_unlock pthread_cond_init pthread_cond_wait
pthread_cond_timedwait pthread_cond_signal mmap munmap madvise sbrk dlsym
atexit clock_gettime exp log round strerror_r'

# The C23 names that newer headers give to these functions need a newer glibc,
# although jemalloc uses nothing that is new in them: the old names do.
plain='strtol strtoul strtoll strtoull strtoimax strtoumax sscanf'

# jemalloc's API: its name, and ours.
api='malloc backend_raw_malloc
calloc backend_raw_calloc
realloc backend_raw_realloc
aligned_alloc backend_raw_aligned_alloc
free backend_free
malloc_usable_size backend_usable_size
mallocx backend_mallocx
rallocx backend_rallocx
xallocx backend_xallocx
dallocx backend_dallocx
nallocx backend_nallocx
mallctl backend_mallctl
mallctlnametomib backend_mallctlnametomib
mallctlbymib backend_mallctlbymib
malloc_stats_print backend_stats_print
malloc_conf je_malloc_conf'

# The one name that stays: a variable that programs set, and jemalloc reads.
variable=malloc_message

# jemalloc's internals: fork handlers, and the functions that backend_thread.c,
# backend_small.c and backend_jemalloc.c need.
inside='je_jemalloc_prefork je_jemalloc_postfork_parent
je_jemalloc_postfork_child je_opt_tcache je_narenas_auto je_a0malloc
je_a0dalloc je_tsd_tcache_enabled_data_init je_sz_boot je_sz_size2index_tab
je_tcache_alloc_small_hard je_opt_retain'

rm -rf "$scratch"
mkdir -p "$scratch"
cd "$scratch"

"$ar" x "$archive"
rm -f jemalloc_cpp*.o

# Between its own files: a thread's set-up goes through backend_thread.c, that
# of the classes and the slow way to a small block through backend_small.c.
"$objcopy" --redefine-sym je_tsd_tcache_enabled_data_init=\
backend_je_tsd_tcache_enabled_data_init tsd.*o
"$objcopy" --redefine-sym je_sz_boot=backend_je_sz_boot jemalloc.*o
for user in jemalloc.*o arena.*o; do
    "$objcopy" --redefine-sym je_tcache_alloc_small_hard=\
backend_je_tcache_alloc_small_hard "$user"
done

"$ld" -r -o all.o ./*.o
{
    echo "$api"
    for name in $owned; do
        echo "$name backend_je_$name"
    done
    for name in $plain; do
        echo "__isoc23_$name $name"
    done
} >renames
{
    echo "$api" | cut -d ' ' -f 2
    for name in $variable $inside; do
        echo "$name"
    done
} >keep
"$objcopy" --redefine-syms=renames all.o renamed.o
"$objcopy" --remove-section=.init_array --remove-section='.init_array.*' \
    --remove-section=.ctors --keep-global-symbols=keep renamed.o "$output"
rm -f ./*.o
