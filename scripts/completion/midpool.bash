# Completion of midpool for bash.

_midpool_options() {
    case $1 in
    run) echo "-o --output -n --runs --vs --warmup --prepare --conf --live --sites -a" \
        "--all -q --quiet --build" ;;
    show) echo "-a --all -e --explain -l --list -t --tree -s --sites --by --sort --json --csv --prom" \
        "--build" ;;
    diff) echo "-a --all -s --sites --by --value --fail-on --allow --markdown --json" ;;
    live) echo "-i --interval -s --sites --once --build" ;;
    html) echo "-o --output --fleet --open" ;;
    bench) echo "-n --runs --allocators --conf --advice --json -q --quiet --build" ;;
    doctor) echo "-q --quiet --build" ;;
    fleet) echo "--by --sort --json" ;;
    pack) echo "-o --output -q --quiet" ;;
    prune) echo "--max-age --max-count --max-bytes --dry-run -q --quiet" ;;
    exporter) echo "--listen --interval --keep --only --once --build" ;;
    export) echo "--prom --csv --json --pprof --heap --folded --value --detail --build" ;;
    esac
}

# Names of programs or files that the command given runs or reads.
_midpool_operands() {
    case $1 in
    run | bench | doctor)
        compopt -o filenames
        mapfile -t COMPREPLY < <(compgen -c -- "$2"; compgen -f -- "$2") ;;
    show | diff | html | export)
        shopt -s extglob
        compopt -o filenames
        mapfile -t COMPREPLY < <(compgen -f -X '!*.@(json|html)' -- "$2"
            compgen -d -- "$2") ;;
    fleet | pack)
        shopt -s extglob
        compopt -o filenames
        mapfile -t COMPREPLY < <(compgen -f -X '!*.@(json|html|db)' -- "$2"
            compgen -d -- "$2") ;;
    prune)
        compopt -o filenames
        mapfile -t COMPREPLY < <(compgen -d -- "$2") ;;
    live)
        _midpool_words "$(midpool live 2>/dev/null |
            awk '$1 ~ /^[0-9]+$/ { print $1 }')" "$2" ;;
    esac
}

_midpool_words() {
    mapfile -t COMPREPLY < <(compgen -W "$1" -- "$2")
}

# The last of a comma list's words; the ones before it stay.
_midpool_list() {
    _midpool_words "$1" "${2##*,}"
    COMPREPLY=("${COMPREPLY[@]/#/${2%"${2##*,}"}}")
}

_midpool_conf() {
    local last=${1##*,} values
    case $last in
    report:*) values="text json openmetrics csv none" ;;
    report_children:* | check_fill:* | purge_thread:*)
        values="yes no" ;;
    live:*) values="no yes keep" ;;
    zero:*) values="off free" ;;
    openmetrics_detail:*) values="pools classes" ;;
    misuse:*) values="abort warn off" ;;
    thp:*) values="default never dense auto" ;;
    deepbind:*) values="strip keep" ;;
    sites:*) values="auto off" ;;
    unwind:*) values="eh fp" ;;
    guard:*) values="1 100 auto off" ;;
    *:*) return ;;
    *)
        compopt -o nospace
        values="report: report_file: report_labels: openmetrics_detail:
            report_children: report_min_gets: warn_below: live: signal:
            warmup: zero: misuse: check_fill: thp: cache_max:
            pool_max: decay_ms: purge_thread: deepbind: sites:
            sites_max: sites_all: unwind: guard:"
        _midpool_list "$values" "$1"
        return
        ;;
    esac
    read -ra values <<<"$values"
    _midpool_list "${values[*]/#/${last%%:*}:}" "$1"
}

# Values of an option; fails where the option has none.
_midpool_value() {
    case $1 in
    -o | --output | --build)
        compopt -o filenames
        mapfile -t COMPREPLY < <(compgen -f -- "$2") ;;
    --conf | --vs) _midpool_conf "$2" ;;
    --allocators)
        _midpool_list "glibc jemalloc mimalloc tcmalloc tbbmalloc" "$2" ;;
    --by)
        if [ "${COMP_WORDS[1]}" = fleet ]; then
            _midpool_words "host unit day family" "$2"
        else
            _midpool_words "stack function module" "$2"
        fi ;;
    --sort)
        if [ "${COMP_WORDS[1]}" = show ]; then
            _midpool_words "bytes gets misses live peak" "$2"
        else
            _midpool_words "misses waste hit_rate cached peak gets misuse processes" \
                "$2"
        fi ;;
    --value) _midpool_words "bytes gets misses live peak" "$2" ;;
    --detail) _midpool_words "pools classes" "$2" ;;
    --allow) _midpool_list "executable config classes end" "$2" ;;
    -n | --runs | --warmup | --prepare | -i | --interval | --fail-on | --max-* | --listen | --keep | --only) ;;
    *) return 1 ;;
    esac
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
        -o | --output | -n | --runs | --vs | --warmup | --prepare | --conf | \
            --allocators | --build)
            ((at++))
            # ':' and '=' are words of their own.
            [[ ${COMP_WORDS[at]} != = ]] || ((at++))
            while [[ ${COMP_WORDS[at + 1]} == [:=] ]]; do ((at += 2)); done
            ;;
        -*) ;;
        *)
            echo "$at"
            return
            ;;
        esac
    done
}

# Readline replaces only what follows the last ':' or '='.
_midpool_trim() {
    local done=${1%"${1##*[:=]}"} at
    for at in "${!COMPREPLY[@]}"; do
        COMPREPLY[at]=${COMPREPLY[at]#"$done"}
    done
}

_midpool() {
    local line=${COMP_LINE:0:COMP_POINT} word before command offset
    local -a words
    read -ra words <<<"$line"
    [[ $line != *[[:space:]] ]] || words+=('')
    word=${words[-1]} before=${words[-2]} command=${words[1]}
    COMPREPLY=()
    if ((${#words[@]} == 2)); then
        _midpool_words "run show diff live html bench doctor fleet pack prune exporter export --help --version" \
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
    if [[ $word == --*=* ]]; then
        _midpool_value "${word%%=*}" "${word#*=}"
        COMPREPLY=("${COMPREPLY[@]/#/${word%%=*}=}")
    elif _midpool_value "$before" "$word"; then
        :
    elif [[ $word == -* ]]; then
        _midpool_words "$(_midpool_options "$command") --help" "$word"
    else
        _midpool_operands "$command" "$word"
        return
    fi
    _midpool_trim "$word"
}

complete -F _midpool midpool
