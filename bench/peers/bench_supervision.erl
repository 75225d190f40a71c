%% The BEAM's side of bench/supervision: OTP's supervisor over gen_servers.
%%
%% Reports: logger's own handler is taken out. In rows "counted" one takes its place that counts the reports (as the reporter in Holdfast's
%% program does), in rows "off" logger's primary level is `none`, so that no report is even made.
-module(bench_supervision).
-behaviour(supervisor).
-export([row/3]).
-export([init/1, start_child/2, log/2]).

-import(bench_meter, [now_us/0, median_us/3, check/3]).

row(sup_crash_throw, Warm, Run) -> crashes(throw_error, counted, Warm, Run);
row(sup_crash_throw_off, Warm, Run) -> crashes(throw_error, off, Warm, Run);
row(sup_crash_exit, Warm, Run) -> crashes(exit_reason, counted, Warm, Run);
row(sup_crash_exit_off, Warm, Run) -> crashes(exit_reason, off, Warm, Run);
row(sup_one_for_all, Warm, Run) ->
    Errors = reports(counted),
    Left = atomics:new(1, []),
    %% A fresh supervisor for each round: its window, a list, would get longer with each restart.
    Us = median_us(Warm, Run, fun() ->
        atomics:put(Left, 1, 100),
        {ok, Sup} = supervisor:start_link(?MODULE, {one_for_all, Left, self()}),
        receive all_up -> ok end,
        Took = crash_one(Sup, Left),
        bench_meter:stop(Sup),
        Took
    end),
    true = counters:get(Errors, 1) > 0,
    Us;
row(sup_static_children, Warm, Run) ->
    reports(off),
    put(stops, []),
    StartUs = median_us(Warm, Run, fun() ->
        Started = now_us(),
        {ok, Sup} = supervisor:start_link(?MODULE, static),
        Took = now_us() - Started,
        check(children, proplists:get_value(active, supervisor:count_children(Sup)), 1000),
        Stopped = now_us(),
        bench_meter:stop(Sup),
        put(stops, [now_us() - Stopped | get(stops)]),
        Took
    end),
    %% The later half: the first is the warm-up's.
    Late = lists:sublist(get(stops), (length(get(stops)) + 1) div 2),
    StopUs = lists:nth((length(Late) + 1) div 2, lists:sort(Late)),
    [{"start", 1000 * 1.0e6 / StartUs}, {"stop", 1000 * 1.0e6 / StopUs}].

%% --- what the supervisors start ---------------------------------------------------------------------------------------

init({crash, How, Client}) ->
    Flags = #{strategy => one_for_one, intensity => 1000000, period => 3600},
    {ok, {Flags, [#{id => child, start => {?MODULE, start_child, [How, Client]}}]}};
init({one_for_all, Left, Client}) ->
    Flags = #{strategy => one_for_all},
    {ok, {Flags, [#{id => I, start => {bench_child, start_link, [exit_reason, {Left, Client}]}} || I <- lists:seq(1, 100)]}};
init(static) ->
    {ok, {#{}, [#{id => I, start => {bench_server, start_link, []}} || I <- lists:seq(1, 1000)]}}.

start_child(How, Client) -> bench_child:start_link(How, Client).

%% --- reports ----------------------------------------------------------------------------------------------------------

reports(How) ->
    logger:remove_handler(default),
    Errors = counters:new(1, []),
    case How of
        off -> logger:set_primary_config(level, none);
        counted -> ok = logger:add_handler(counting, ?MODULE, #{config => Errors})
    end,
    Errors.

%% logger calls this in the process that reports.
log(#{level := error}, #{config := Errors}) -> counters:add(Errors, 1, 1);
log(_, _) -> ok.

%% --- crashes ----------------------------------------------------------------------------------------------------------

crashes(How, Reports, Warm, Run) ->
    Errors = reports(Reports),
    Few = 1000 * 1.0e6 / median_us(Warm, Run, fun() -> crash_round(How, Reports, Errors, 1000) end),
    More = 10000 * 1.0e6 / crash_round(How, Reports, Errors, 10000),
    case {How, Reports} of
        {exit_reason, counted} ->
            Many = 50000 * 1.0e6 / crash_round(How, Reports, Errors, 50000),
            %% The second half, a thousand at a time: stretches of one length are compared.
            [_ | Marks] = get(marks),
            Late = [From - To || {From, To} <- lists:zip(lists:sublist(get(marks), 25), lists:sublist(Marks, 25))],
            [{"few", Few}, {"more", More}, {"many", Many}, {"slope", 1000 * 1.0e6 / lists:nth(13, lists:sort(Late)) / Few}];
        %% Nearly all of 50,000 is the supervisor's window, whatever the crash: once is enough.
        _ ->
            [{"few", Few}, {"more", More}]
    end.

crash_round(How, Reports, Errors, N) ->
    counters:put(Errors, 1, 0),
    Started = now_us(),
    {ok, Sup} = supervisor:start_link(?MODULE, {crash, How, self()}),
    %% The time of each thousandth restart, the last one first.
    put(marks, crash(N, [])),
    Took = now_us() - Started,
    bench_meter:stop(Sup),
    case Reports of
        counted -> true = counters:get(Errors, 1) >= N;
        off -> ok
    end,
    Took.

crash(N, Marks) when N rem 1000 =:= 0 ->
    receive {up, Pid} -> ok end,
    Now = [now_us() | Marks],
    case N of
        0 -> Now;
        _ -> gen_server:cast(Pid, fail), crash(N - 1, Now)
    end;
crash(N, Marks) ->
    receive {up, Pid} -> gen_server:cast(Pid, fail) end,
    crash(N - 1, Marks).

crash_one(Sup, Left) ->
    Children = supervisor:which_children(Sup),
    {_, Pid, _, _} = lists:keyfind(50, 1, Children),
    atomics:put(Left, 1, 100),
    Started = now_us(),
    gen_server:cast(Pid, fail),
    receive all_up -> ok end,
    Took = now_us() - Started,
    %% Answered when the supervisor is done.
    check(children, proplists:get_value(active, supervisor:count_children(Sup)), 100),
    false = is_process_alive(Pid),
    Took.
