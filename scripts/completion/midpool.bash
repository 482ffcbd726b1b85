# Completion of midpool for bash.

# Names of programs or files that the command given runs or reads.
_midpool_operands() {
    case $1 in
    run | bench | doctor)
        mapfile -t COMPREPLY < <(compgen -c -- "$2"; compgen -f -- "$2") ;;
    show | diff | html)
        mapfile -t COMPREPLY < <(compgen -f -X '!*.@(json|html)' -- "$2"
            compgen -d -- "$2") ;;
    live)
        mapfile -t COMPREPLY < <(compgen -W \
            "$(midpool live 2>/dev/null | awk '$1 ~ /^[0-9]+$/')" -- "$2") ;;
    esac
}

_midpool_options() {
    case $1 in
    run) echo "-o --output -n --runs --conf --live -a --all -q --quiet" ;;
    show) echo "-a --all -e --explain -l --list -t --tree --json --csv --prom" ;;
    diff) echo "-a --all --fail-on --allow --markdown --json" ;;
    live) echo "-i --interval --once" ;;
    html) echo "-o --output --open" ;;
    bench) echo "-n --runs --allocators --conf --json -q --quiet" ;;
    doctor) echo "-q --quiet" ;;
    esac
}

_midpool_conf="report: report_file: report_children: warn_below: live: signal:
    warmup: zero: misuse: check_fill: thp: cache_max: pool_max: decay_ms:
    purge_thread:"

_midpool_words() {
    mapfile -t COMPREPLY < <(compgen -W "$1" -- "$2")
}

# Where the program's own words begin, bash's usual completion goes on.
_midpool_offset() {
    local at
    for ((at = 2; at < COMP_CWORD; at++)); do
        case ${COMP_WORDS[at]} in
        --)
            echo $((at + 1))
            return
            ;;
        -o | --output | -n | --runs | --conf | --allocators | --build)
            ((at++)) ;;
        -*) ;;
        *)
            echo "$at"
            return
            ;;
        esac
    done
}

_midpool() {
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
    local command=${COMP_WORDS[1]} offset
    shopt -s extglob
    COMPREPLY=()
    if ((COMP_CWORD == 1)); then
        _midpool_words "run show diff live html bench doctor --help --version" \
            "$word"
        return
    fi
    case $command in
    run | bench)
        offset=$(_midpool_offset)
        if [[ -n $offset ]] && declare -F _command_offset >/dev/null; then
            _command_offset "$offset"
            return
        fi
        ;;
    esac
    case $before in
    -o | --output | --build)
        mapfile -t COMPREPLY < <(compgen -f -- "$word") ;;
    --conf)
        compopt -o nospace
        _midpool_words "$_midpool_conf" "$word" ;;
    --allocators)
        _midpool_words "glibc jemalloc mimalloc tcmalloc tbbmalloc" "$word" ;;
    --allow) _midpool_words "executable config classes" "$word" ;;
    -n | --runs | -i | --interval | --fail-on) ;;
    *)
        if [[ $word == -* ]]; then
            _midpool_words "$(_midpool_options "$command") --build --help" \
                "$word"
        else
            _midpool_operands "$command" "$word"
        fi
        ;;
    esac
}

complete -o filenames -F _midpool midpool
