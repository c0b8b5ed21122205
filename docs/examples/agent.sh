#!/bin/sh
# A complete agent in a POSIX shell, with mosquitto_pub and mosquitto_sub: signs in, takes what it is offered, finishes it.
#
#   agent.sh HOST PORT CENTRE AGENT [SECONDS]     SECONDS: how long a contact takes (30)
#
# SIGTERM: it finishes what it holds, and leaves. Killed, its last will tells the router.
set -eu

host=$1 port=$2 centre=$3 agent=$4 talk=${5:-30}
router=switchroom/v1/$centre/router/status
me=switchroom/v1/$centre/agents/$agent
session=sh-$$-$(date +%s)
here=$(mktemp -d)
contacts=0

publish() { # TOPIC MESSAGE [OPTION]
    mosquitto_pub -h "$host" -p "$port" -q 1 -t "$1" -m "$2" ${3:+"$3"} 2>/dev/null || true
}

connection() { # true|false: is what the last will says, too
    printf '{"session":"%s","is_connected":%s}' "$session" "$1"
}

# Repeats a command until the router has answered it; the same request is carried out once.
say() { # VERB REQUEST [FIELDS]
    while [ -d "$here" ] && [ ! -e "$here/$2" ]; do
        publish "$me/commands/$1" "{\"request\":\"$session-$2\",\"session\":\"$session\"${3:+,$3}}"
        tries=0
        while [ ! -e "$here/$2" ] && [ "$tries" -lt 30 ]; do
            sleep 0.1
            tries=$((tries + 1))
        done
    done
}

# What follows a field's name in a message. Texts in a message cannot fake one: their quotes are escaped.
text() { # NAME MESSAGE
    rest=${2#*\"$1\":\"}
    printf '%s' "${rest%%\"*}"
}
number() { # NAME MESSAGE
    rest=${2#*\"$1\":}
    printf '%s' "${rest%%[!0-9]*}"
}

sign_in() {
    contacts=$((contacts + 1))
    publish "$me/connection" "$(connection true)" -r
    say sign-in "sign-in-$contacts" &
}

accept() { # OFFER_ID
    say accept "accept-$1" "\"offer_id\":$1" &
}

work() { # INTERACTION_ID
    contacts=$((contacts + 1))
    {
        echo "connected $1"
        sleep "$talk"
        say finish "finish-$contacts" "\"interaction_id\":\"$1\""
        echo "finished $1"
    } &
}

wrap_up() { # INTERACTION_ID
    contacts=$((contacts + 1))
    say wrap-up-done "wrap-up-done-$contacts" "\"interaction_id\":\"$1\"" &
}

# The answer to a sign-in has all that the agent is offered and holds, from before it was started or lost its link.
resume() { # REPLY
    offers=${1#*\"offers\":\[}
    offers=${offers%%\"work\":\[*}
    while [ "$offers" != "${offers#*\"offer_id\":}" ]; do
        accept "$(number offer_id "$offers")"
        offers=${offers#*\"offer_id\":}
    done
    held=${1##*\"work\":\[}
    while [ "$held" != "${held#*\{\"state\":\"}" ]; do
        state=$(text state "$held")
        held=${held#*\{\"state\":\"}
        interaction=$(text interaction_id "$held")
        case $state in
            wrap-up) wrap_up "$interaction" ;;
            *) grep -qx "$interaction" "$here/working" || { echo "$interaction" >>"$here/working"; work "$interaction"; } ;;
        esac
    done
}

heard() { # TOPIC MESSAGE
    case $1:$2 in
        "$router":*'"running"'*) sign_in ;; # it is there, for the first time or anew
        "$me"/replies:*'"request":"'"$session"-*)
            request=$(text request "$2")
            : >"$here/${request#"$session"-}"
            case $2 in
                *'"agent":{'*) resume "$2" ;;
                *'"state":"offline"'*) case $request in *heartbeat) $is_leaving || sign_in ;; esac ;; # taken for lost
            esac ;;
        "$me"/inbox:'{"type":"offer"'*) accept "$(number offer_id "$2")" ;;
        "$me"/inbox:'{"type":"connect"'*)
            interaction=$(text interaction_id "$2")
            echo "$interaction" >>"$here/working"
            work "$interaction" ;;
        "$me"/inbox:'{"type":"wrap-up"'*) wrap_up "$(text interaction_id "$2")" ;;
        "$me"/inbox:'{"type":"closed"'*)
            grep -vx "$(text interaction_id "$2")" "$here/working" >"$here/still" || true
            mv "$here/still" "$here/working" ;;
        "$me"/inbox:*'"presence":"offline"'*) if $is_leaving; then exit 0; fi ;;
    esac
}

leave() {
    is_leaving=true
    say drain drain & # offline as soon as nothing is held
}

clean_up() {
    trap - EXIT
    kill "$listener" "$heart" 2>/dev/null || true
    publish "$me/connection" "$(connection false)" -r
    rm -rf "$here"
}

is_leaving=false
: >"$here/working"
mkfifo "$here/messages"
mosquitto_sub -h "$host" -p "$port" -q 1 -k 5 -i "$session" -F '%t %p' \
    -t "$router" -t "$me/replies" -t "$me/inbox" \
    --will-topic "$me/connection" --will-payload "$(connection false)" --will-qos 1 --will-retain >"$here/messages" &
listener=$!
while sleep 2; do
    publish "$me/commands/heartbeat" "{\"request\":\"$session-heartbeat\",\"session\":\"$session\"}"
done &
heart=$!
trap clean_up EXIT
trap leave TERM INT

exec 3<"$here/messages"
while kill -0 "$listener" 2>/dev/null; do
    if read -r topic message <&3; then
        heard "$topic" "$message"
    fi # else a signal came
done
echo "agent.sh: mosquitto_sub has ended" >&2
exit 1
