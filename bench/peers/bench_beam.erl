%% The BEAM's side of the micro rows, one scheduler (`erl +S 1`).
%%
%% Each row has the shape of its Holdfast program in bench/micro: who posts, in what batches, who waits for whom.
%% Called as: erl +S 1 -noshell -pa DIR -run bench_beam main ROW WARM_MS RUN_MS
%% Prints one line: RESULT {"value": NUMBER}, or several figures by name. The Savina programs are in bench_savina, supervision in
%% bench_supervision, names and groups in bench_registry, leases in bench_lease.
-module(bench_beam).
-export([main/1]).
-export([adder_loop/1, pinger/2, hop/1, idle_loop/0]).

-import(bench_meter, [now_us/0, metered/3, tick/2, repeat/2, gone/1, median_us/3]).

main([Row, WarmMs, RunMs]) ->
    Found = run(Row, list_to_integer(WarmMs), list_to_integer(RunMs)),
    io:format("RESULT {~s}~n", [lists:join(", ", [io_lib:format("\"~s\": ~p", [Key, float(Value)]) || {Key, Value} <- Found])]),
    halt(0).

%% One figure, or several by name.
run("savina_" ++ _ = Row, Warm, Run) -> named(bench_savina:row(list_to_atom(Row), Warm, Run));
run("sup_" ++ _ = Row, Warm, Run) -> named(bench_supervision:row(list_to_atom(Row), Warm, Run));
run("reg_" ++ _ = Row, Warm, Run) -> named(bench_registry:row(list_to_atom(Row), Warm, Run));
run("lease_" ++ _ = Row, Warm, Run) -> named(bench_lease:row(list_to_atom(Row), Warm, Run));
run(Row, Warm, Run) -> named(row(list_to_atom(Row), Warm, Run)).

named(Found) when is_list(Found) -> Found;
named(Value) -> [{"value", Value}].

%% Messages a sender posts before it waits for the receiver to have handled all of them.
-define(BATCH, 1000).

row(cast, Warm, Run) ->
    {ok, Server} = bench_server:start(),
    metered(Warm, Run, fun(Meter) -> cast_batches(Server, Meter) end);
row(send, Warm, Run) ->
    Receiver = spawn(?MODULE, adder_loop, [0]),
    metered(Warm, Run, fun(Meter) -> send_batches(Receiver, Meter) end);
row(call, Warm, Run) ->
    {ok, Server} = bench_server:start(),
    metered(Warm, Run, fun(Meter) -> call_loop(Server, Meter) end);
row(call_100, Warm, Run) ->
    {ok, Server} = bench_server:start(),
    Share = counters:new(1, []),
    [spawn(fun() -> client_loop(Server, Share) end) || _ <- lists:seq(1, 100)],
    timer:sleep(Warm),
    From = counters:get(Share, 1),
    Started = erlang:monotonic_time(microsecond),
    timer:sleep(Run),
    (counters:get(Share, 1) - From) * 1.0e6 / (erlang:monotonic_time(microsecond) - Started);
row(ping_pong, Warm, Run) ->
    metered(Warm, Run, fun(Meter) ->
        Pong = spawn(?MODULE, pinger, [self(), 0]),
        ping(Pong, Meter, 1000)
    end);
row(ring, Warm, Run) ->
    metered(Warm, Run, fun(Meter) ->
        Self = self(),
        %% The measuring process is the ring's last member.
        First = lists:foldl(fun(_, Next) -> spawn(?MODULE, hop, [Next]) end, Self, lists:seq(1, 999)),
        First ! token,
        ring(First, Meter)
    end);
row(spawn, Warm, Run) ->
    created(Warm, Run, fun() -> {ok, Pid} = bench_server:start(), Pid end);
row(spawn_raw, Warm, Run) ->
    created(Warm, Run, fun() -> spawn(?MODULE, idle_loop, []) end);
row(spawn_supervised, Warm, Run) ->
    %% A fresh supervisor for each batch, so that none gets slower with what was there before.
    timed(Warm, Run, 20000, fun(N) ->
        {ok, Sup} = bench_sup:start_link(),
        Started = erlang:monotonic_time(microsecond),
        repeat(N, fun() -> {ok, _} = supervisor:start_child(Sup, []) end),
        Took = erlang:monotonic_time(microsecond) - Started,
        unlink(Sup),
        exit(Sup, shutdown),
        gone(Sup),
        Took
    end);
row(fan_out, Warm, Run) ->
    fan_out(Warm, Run, fun() -> pg:get_members(bench) end);
row(fan_out_list, Warm, Run) ->
    fan_out(Warm, Run, fun() -> get(members) end);
row(bytes_raw, _, _) ->
    bytes(fun() -> spawn(?MODULE, idle_loop, []) end);
row(bytes, _, _) ->
    bytes(fun() -> {ok, Pid} = bench_server:start_hibernated(), Pid end);
row(bytes_supervised, _, _) ->
    {ok, Sup} = bench_sup:start_link(),
    bytes(fun() -> {ok, Pid} = supervisor:start_child(Sup, [hibernated]), Pid end).

%% --- messages ---------------------------------------------------------------------------------------------------------

cast_batches(Server, Meter) ->
    post_casts(Server, ?BATCH - 1),
    gen_server:cast(Server, {flush, self()}),
    receive done -> ok end,
    case tick(?BATCH, Meter) of
        {go, Next} -> cast_batches(Server, Next);
        {rate, Rate} -> Rate
    end.

post_casts(_, 0) -> ok;
post_casts(Server, N) ->
    gen_server:cast(Server, {add, 1}),
    post_casts(Server, N - 1).

send_batches(Receiver, Meter) ->
    post_sends(Receiver, ?BATCH - 1),
    Receiver ! {flush, self()},
    receive done -> ok end,
    case tick(?BATCH, Meter) of
        {go, Next} -> send_batches(Receiver, Next);
        {rate, Rate} -> Rate
    end.

post_sends(_, 0) -> ok;
post_sends(Receiver, N) ->
    Receiver ! {add, 1},
    post_sends(Receiver, N - 1).

adder_loop(Sum) ->
    receive
        {add, K} -> adder_loop(Sum + K);
        {flush, From} -> From ! done, adder_loop(Sum)
    end.

call_loop(Server, Meter) ->
    repeat(100, fun() -> gen_server:call(Server, {add, 1}) end),
    case tick(100, Meter) of
        {go, Next} -> call_loop(Server, Next);
        {rate, Rate} -> Rate
    end.

client_loop(Server, Share) ->
    gen_server:call(Server, {add, 1}),
    counters:add(Share, 1, 1),
    client_loop(Server, Share).

ping(Pong, Meter, 0) ->
    case tick(1000, Meter) of
        {go, Next} -> ping(Pong, Next, 1000);
        {rate, Rate} -> Rate
    end;
ping(Pong, Meter, N) ->
    Pong ! ping,
    receive pong -> ping(Pong, Meter, N - 1) end.

pinger(Peer, N) ->
    receive ping -> Peer ! pong, pinger(Peer, N + 1) end.

hop(Next) ->
    receive token -> Next ! token, hop(Next) end.

ring(First, Meter) ->
    receive token -> ok end,
    case tick(1000, Meter) of
        {go, Next} -> First ! token, ring(First, Next);
        {rate, Rate} -> Rate
    end.

%% Milliseconds until 100,000 processes have handled one message each; the median of the rounds.
fan_out(Warm, Run, Members) ->
    {ok, _} = pg:start_link(),
    Total = 100000,
    Left = atomics:new(1, []),
    Self = self(),
    Pids = [spawn(fun() -> member(Left, Self) end) || _ <- lists:seq(1, Total)],
    ok = pg:join(bench, Pids),
    put(members, Pids),
    median_us(Warm, Run, fun() -> round_out(Members, Left, Total) end) / 1000.

member(Left, Parent) ->
    receive
        news ->
            case atomics:sub_get(Left, 1, 1) of
                0 -> Parent ! all_handled;
                _ -> ok
            end,
            member(Left, Parent)
    end.

round_out(Members, Left, Total) ->
    atomics:put(Left, 1, Total),
    Started = now_us(),
    [Pid ! news || Pid <- Members()],
    receive all_handled -> now_us() - Started end.

%% --- creation and memory ----------------------------------------------------------------------------------------------

idle_loop() ->
    receive {add, _} -> idle_loop() end.

%% Processes created per second, in batches of 20,000 that are ended between the batches, outside the measured time.
created(Warm, Run, Create) ->
    timed(Warm, Run, 20000, fun(N) ->
        Started = now_us(),
        Pids = collect(N, Create, []),
        Took = now_us() - Started,
        [exit(Pid, kill) || Pid <- Pids],
        [gone(Pid) || Pid <- Pids],
        Took
    end).

timed(Warm, Run, Batch, Round) ->
    Batch * 1.0e6 / median_us(Warm, Run, fun() -> Round(Batch) end).

%% Bytes per process that waits with nothing to do, over 100,000 of them.
bytes(Create) ->
    Total = 100000,
    Slots = ets:new(slots, [public]),
    repeat(10, Create),
    erlang:garbage_collect(),
    Before = erlang:memory(processes_used),
    fill(Total, Create),
    timer:sleep(1000),
    erlang:garbage_collect(),
    After = erlang:memory(processes_used),
    ets:delete(Slots),
    (After - Before) / Total.

fill(0, _) -> ok;
fill(N, Create) -> _ = Create(), fill(N - 1, Create).

collect(0, _, Pids) -> Pids;
collect(N, Create, Pids) -> collect(N - 1, Create, [Create() | Pids]).
