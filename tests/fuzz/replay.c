/*
 * replay.c - runs a fuzz target once over each of the files and directories
 * given, for compilers without libFuzzer and to try a single finding.
 */
#include <dirent.h>
#include <limits.h>
#include <sys/stat.h>

#include "bytes.h"

static unsigned inputs;

static void
replay_file(const char *path)
{
    static uint8_t data[1 << 20];
    FILE *file = fopen(path, "rb");

    if (file == NULL) {
        perror(path);
        exit(1);
    }

    size_t size = fread(data, 1, sizeof(data), file);
    /* Exactly as long, so that a read beyond the end is seen. */
    uint8_t *copy = malloc(size + 1);

    fclose(file);
    for (size_t i = 0; i < size; i++)
        copy[i] = data[i];
    LLVMFuzzerTestOneInput(copy, size);
    free(copy);
    inputs++;
}

static void
replay_directory(const char *path)
{
    DIR *directory = opendir(path);
    const struct dirent *entry;

    while (directory != NULL && (entry = readdir(directory)) != NULL) {
        char name[PATH_MAX];

        if (entry->d_name[0] == '.')
            continue;
        snprintf(name, sizeof(name), "%s/%s", path, entry->d_name);
        replay_file(name);
    }
    if (directory != NULL)
        closedir(directory);
}

int
main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        struct stat status;

        if (stat(argv[i], &status) == 0 && S_ISDIR(status.st_mode))
            replay_directory(argv[i]);
        else
            replay_file(argv[i]);
    }
    printf("%u inputs\n", inputs);
    return inputs == 0;
}
