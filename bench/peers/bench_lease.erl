%% The BEAM's side of bench/leases: a gen_server that lends 100 resources, watches who has them, and queues who must wait.
%%
%% It has what a lease needs least: a rising token, a monitor for each holder, first come first served. It has no expiry, no priorities, no bound
%% of its queue and no statistics, which Holdfast's lease manager has switched on.
-module(bench_lease).
-behaviour(gen_server).
-export([row/3]).
-export([init/1, handle_call/3, handle_cast/2, handle_info/2]).

-import(bench_meter, [metered/3, tick/2, repeat/2, check/3]).

-define(RESOURCES, 100).

row(lease_one, Warm, Run) -> cycles(1, Warm, Run);
row(lease_100, Warm, Run) -> cycles(100, Warm, Run);
row(lease_waiters, Warm, Run) -> cycles(1100, Warm, Run);
row(lease_deaths, Warm, Run) ->
    Pool = start(),
    metered(Warm, Run, fun(Meter) -> deaths(Pool, Meter) end).

cycles(1, Warm, Run) ->
    Pool = start(),
    metered(Warm, Run, fun(Meter) -> cycle_loop(Pool, Meter) end);
cycles(Clients, Warm, Run) ->
    Pool = start(),
    Share = counters:new(1, []),
    [spawn(fun() -> client_loop(Pool, Share) end) || _ <- lists:seq(1, Clients)],
    timer:sleep(Warm),
    From = counters:get(Share, 1),
    Started = bench_meter:now_us(),
    timer:sleep(Run),
    (counters:get(Share, 1) - From) * 1.0e6 / (bench_meter:now_us() - Started).

start() ->
    {ok, Pool} = gen_server:start(?MODULE, [], []),
    Pool.

cycle_loop(Pool, Meter) ->
    repeat(100, fun() -> cycle(Pool) end),
    case tick(100, Meter) of
        {go, Next} -> cycle_loop(Pool, Next);
        {rate, Rate} -> Rate
    end.

client_loop(Pool, Share) ->
    cycle(Pool),
    counters:add(Share, 1, 1),
    client_loop(Pool, Share).

cycle(Pool) ->
    {ok, _Resource, Token} = gen_server:call(Pool, get, infinity),
    gen_server:cast(Pool, {return, Token}).

deaths(Pool, Meter) ->
    repeat(100, fun() ->
        {_, Monitor} = spawn_monitor(fun() -> {ok, _, _} = gen_server:call(Pool, get, infinity) end),
        receive {'DOWN', Monitor, process, _, Reason} -> check(reason, Reason, normal) end
    end),
    case tick(100, Meter) of
        {go, Next} -> deaths(Pool, Next);
        {rate, Rate} -> Rate
    end.

%% --- the pool ---------------------------------------------------------------------------------------------------------

%% Free resources, the last token, who has what by token and by monitor, who waits.
init([]) -> {ok, {lists:seq(1, ?RESOURCES), 0, #{}, #{}, queue:new()}}.

handle_call(get, From, {[], Last, Held, Monitors, Waiting}) ->
    {noreply, {[], Last, Held, Monitors, queue:in(From, Waiting)}};
handle_call(get, {Pid, _}, {[Resource | Free], Last, Held, Monitors, Waiting}) ->
    {Token, NextHeld, NextMonitors} = lend(Pid, Resource, Last, Held, Monitors),
    {reply, {ok, Resource, Token}, {Free, Token, NextHeld, NextMonitors, Waiting}}.

handle_cast({return, Token}, {Free, Last, Held, Monitors, Waiting} = State) ->
    case maps:take(Token, Held) of
        {{Monitor, Resource}, Rest} ->
            erlang:demonitor(Monitor, [flush]),
            {noreply, back(Resource, Free, Last, Rest, maps:remove(Monitor, Monitors), Waiting)};
        error ->
            {noreply, State}
    end.

handle_info({'DOWN', Monitor, process, _, _}, {Free, Last, Held, Monitors, Waiting}) ->
    {Token, Rest} = maps:take(Monitor, Monitors),
    {{Monitor, Resource}, NextHeld} = maps:take(Token, Held),
    {noreply, back(Resource, Free, Last, NextHeld, Rest, Waiting)}.

back(Resource, Free, Last, Held, Monitors, Waiting) ->
    case queue:out(Waiting) of
        {{value, {Pid, _} = From}, Rest} ->
            {Token, NextHeld, NextMonitors} = lend(Pid, Resource, Last, Held, Monitors),
            gen_server:reply(From, {ok, Resource, Token}),
            {Free, Token, NextHeld, NextMonitors, Rest};
        {empty, _} ->
            {[Resource | Free], Last, Held, Monitors, Waiting}
    end.

lend(Pid, Resource, Last, Held, Monitors) ->
    Token = Last + 1,
    Monitor = erlang:monitor(process, Pid),
    {Token, Held#{Token => {Monitor, Resource}}, Monitors#{Monitor => Token}}.
