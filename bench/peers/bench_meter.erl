%% How the BEAM's programs count and time: a warm-up, then a measured stretch, as bench/micro/meter.mjs does.
-module(bench_meter).
-export([now_us/0, median_us/3, metered/3, tick/2, repeat/2, gone/1, stop/1, check/3]).

now_us() -> erlang:monotonic_time(microsecond).

%% The median round in microseconds. Round answers the microseconds that count; what else it does is free.
%% A round that takes longer than both stretches has warmed itself: it is the only one, and counts.
median_us(Warm, Run, Round) ->
    case warm(Round, now_us() + Warm * 1000, (Warm + Run) * 1000) of
        {only, Us} -> Us;
        ok -> median(rounds(Round, now_us() + Run * 1000, []))
    end.

warm(Round, Until, Longest) ->
    Us = Round(),
    Now = now_us(),
    if
        Us > Longest -> {only, Us};
        Now < Until -> warm(Round, Until, Longest);
        true -> ok
    end.

rounds(Round, Until, Taken) ->
    Next = [Round() | Taken],
    case now_us() < Until of
        true -> rounds(Round, Until, Next);
        false -> Next
    end.

median(List) ->
    lists:nth((length(List) + 1) div 2, lists:sort(List)).

%% Operations per second of Body, which calls tick/2 after each batch.
metered(Warm, Run, Body) ->
    Now = now_us(),
    Self = self(),
    spawn_opt(fun() -> Self ! {rate, Body({warm, Now + Warm * 1000, Run * 1000})} end, [link]),
    receive {rate, Rate} -> Rate end.

%% Called after every batch: either the final rate or the meter to go on with.
tick(_, {warm, Until, Run}) ->
    case now_us() of
        Now when Now >= Until -> {go, {run, 0, Now, Run}};
        _ -> {go, {warm, Until, Run}}
    end;
tick(N, {run, Ops, Started, Run}) ->
    case now_us() - Started of
        Took when Took >= Run -> {rate, (Ops + N) * 1.0e6 / Took};
        _ -> {go, {run, Ops + N, Started, Run}}
    end.

repeat(0, _) -> ok;
repeat(N, Fun) -> Fun(), repeat(N - 1, Fun).

%% Waits until a process has ended.
gone(Pid) ->
    Ref = erlang:monitor(process, Pid),
    receive {'DOWN', Ref, process, _, _} -> ok end.

%% Ends a supervisor that the caller has started, and waits for it.
stop(Sup) ->
    unlink(Sup),
    exit(Sup, shutdown),
    gone(Sup).

%% A program that counted something else than it should has no figure: it ends with an error.
check(_, Count, Count) -> ok;
check(Name, Got, Expected) -> error({wrong_count, Name, Got, Expected}).
