%% The BEAM's side of bench/registry: the ways to give a process a name, tables to be searched, and groups.
-module(bench_registry).
-export([row/3]).
-export([room/0]).

-import(bench_meter, [now_us/0, median_us/3, check/3]).

-define(NAMES, 20000).
-define(LIVES, 1000).
-define(ROWS, 1000000).
-define(FIT, 1000).
-define(MANY, 100000).

row(reg_names_register, Warm, Run) ->
    Names = [list_to_atom("room:" ++ integer_to_list(I)) || I <- lists:seq(1, ?NAMES)],
    names(Names, #{take => fun(Name) -> register(Name, self()) end, held => fun(Name) -> is_pid(whereis(Name)) end}, Warm, Run);
row(reg_names_pg, Warm, Run) ->
    {ok, _} = pg:start_link(),
    names(keys(), #{take => fun(Name) -> ok = pg:join(Name, self()) end, held => fun(Name) -> pg:get_members(Name) =/= [] end}, Warm, Run);
row(reg_names_ets, Warm, Run) ->
    %% A table and no registry: nobody takes a name out when its process ends, so whoever ends does it.
    ets:new(names, [named_table, public, set]),
    Names = #{
        take => fun(Name) -> true = ets:insert_new(names, {Name, self()}) end,
        held => fun(Name) -> ets:member(names, Name) end,
        free => fun(Name) -> ets:delete(names, Name) end
    },
    names(keys(), Names, Warm, Run);
row(reg_names_gproc, Warm, Run) ->
    {ok, _} = application:ensure_all_started(gproc),
    %% Called through a variable: gproc is not there where this is compiled.
    Gproc = gproc,
    Names = #{take => fun(Name) -> Gproc:reg({n, l, Name}) end, held => fun(Name) -> is_pid(Gproc:where({n, l, Name})) end},
    names(keys(), Names, Warm, Run);
row(reg_scan_set, Warm, Run) -> scan(set, Warm, Run);
row(reg_scan_ordered_set, Warm, Run) -> scan(ordered_set, Warm, Run);
row(reg_groups, Warm, Run) -> groups(Warm, Run).

%% --- names ------------------------------------------------------------------------------------------------------------

keys() -> [{room, I} || I <- lists:seq(1, ?NAMES)].

names(Names, #{take := Take, held := IsHeld} = How, Warm, Run) ->
    Free = maps:get(free, How, fun(_) -> ok end),
    FreeAll = fun(Rooms) ->
        [exit(Room, kill) || Room <- Rooms],
        [bench_meter:gone(Room) || Room <- Rooms],
        [Free(Name) || Name <- Names],
        %% What a registry does about an end, it does outside the measured time.
        await_free(Names, IsHeld)
    end,
    Us = median_us(Warm, Run, fun() ->
        {Took, Rooms} = take_all(Names, Take),
        FreeAll(Rooms),
        Took
    end),
    {_, Last} = take_all(Names, Take),
    Lookup = bench_meter:metered(Warm, Run, fun(Meter) -> look_up(Names, IsHeld, Meter) end),
    FreeAll(Last),
    Few = lists:sublist(Names, ?LIVES),
    Lives = bench_meter:metered(Warm, Run, fun(Meter) -> lives(Few, Take, Free, IsHeld, Meter) end),
    [{"register", ?NAMES * 1.0e6 / Us}, {"lookup", Lookup}, {"lives", Lives}].

take_all(Names, Take) ->
    Self = self(),
    Left = atomics:new(1, []),
    atomics:put(Left, 1, ?NAMES),
    Rooms = [spawn(?MODULE, room, []) || _ <- Names],
    Taken = fun(Name) ->
        Take(Name),
        case atomics:sub_get(Left, 1, 1) of
            0 -> Self ! all_taken;
            _ -> ok
        end
    end,
    [Room ! {prepare, Taken} || Room <- Rooms],
    Started = now_us(),
    tell(Rooms, Names),
    receive all_taken -> ok end,
    {now_us() - Started, Rooms}.

tell([], []) -> ok;
tell([Room | Rooms], [Name | Names]) ->
    Room ! {take, Name},
    tell(Rooms, Names).

room() ->
    receive {prepare, Taken} -> room(Taken) end.

room(Taken) ->
    receive {take, Name} -> Taken(Name), room(Taken) end.

await_free([], _) -> ok;
await_free([Name | Names] = All, IsHeld) ->
    case IsHeld(Name) of
        true -> erlang:yield(), await_free(All, IsHeld);
        false -> await_free(Names, IsHeld)
    end.

look_up(Names, IsHeld, Meter) ->
    check(names, held(Names, IsHeld, 0), ?NAMES),
    case bench_meter:tick(?NAMES, Meter) of
        {go, Next} -> look_up(Names, IsHeld, Next);
        {rate, Rate} -> Rate
    end.

held([], _, Found) -> Found;
held([Name | Names], IsHeld, Found) ->
    case IsHeld(Name) of
        true -> held(Names, IsHeld, Found + 1);
        false -> held(Names, IsHeld, Found)
    end.

lives(Names, Take, Free, IsHeld, Meter) ->
    Started = [spawn_monitor(fun() -> Take(Name), receive stop -> Free(Name) end end) || Name <- Names],
    [Pid ! stop || {Pid, _} <- Started],
    [receive {'DOWN', Ref, process, _, _} -> ok end || {_, Ref} <- Started],
    await_free(Names, IsHeld),
    case bench_meter:tick(?LIVES, Meter) of
        {go, Next} -> lives(Names, Take, Free, IsHeld, Next);
        {rate, Rate} -> Rate
    end.

%% --- tables -----------------------------------------------------------------------------------------------------------

scan(Type, Warm, Run) ->
    Table = ets:new(properties, [Type, public]),
    Owners = list_to_tuple([spawn(?MODULE, room, []) || _ <- lists:seq(1, 1000)]),
    [ets:insert(Table, {I, element(1 + I rem 1000, Owners), #{level => I rem (?ROWS div ?FIT), 'of' => I}}) || I <- lists:seq(0, ?ROWS - 1)],
    Select = median_us(Warm, Run, fun() ->
        Started = now_us(),
        {Found, _} = ets:select(Table, [{{'_', '_', #{level => 7, 'of' => '_'}}, [], ['$_']}], ?FIT),
        Took = now_us() - Started,
        check(select, length(Found), ?FIT),
        Took
    end),
    Count = median_us(Warm, Run, fun() ->
        Started = now_us(),
        Found = ets:select_count(Table, [{{'_', '_', '$1'}, [{'=:=', {map_get, level, '$1'}, 7}], [true]}]),
        Took = now_us() - Started,
        check(count, Found, ?FIT),
        Took
    end),
    [{"select", Select / 1000}, {"count", Count / 1000}].

%% --- groups -----------------------------------------------------------------------------------------------------------

groups(Warm, Run) ->
    {ok, _} = pg:start_link(),
    put(joins, []),
    %% A group is a list, which each end goes through: a tenth of the members that Holdfast's program has.
    Count = ?MANY div 10,
    Us = ends(Count, Warm, Run),
    Joins = lists:sort(get(joins)),
    Joined = lists:nth((length(Joins) + 1) div 2, Joins),
    One = median_us(Warm, Run, fun() ->
        Pid = spawn(?MODULE, room, []),
        [ok = pg:join(I, Pid) || I <- lists:seq(1, ?MANY)],
        Started = now_us(),
        exit(Pid, kill),
        await_empty(),
        now_us() - Started
    end),
    [{"join", Count * 1.0e6 / Joined}, {"end", Count * 1.0e6 / Us}, {"one", One / 1000}].

ends(Count, Warm, Run) ->
    median_us(Warm, Run, fun() ->
        Members = [spawn(?MODULE, room, []) || _ <- lists:seq(1, Count)],
        Began = now_us(),
        [ok = pg:join(all, Member) || Member <- Members],
        put(joins, [now_us() - Began | get(joins)]),
        check(members, length(pg:get_members(all)), Count),
        Started = now_us(),
        [exit(Member, kill) || Member <- Members],
        await_empty(),
        now_us() - Started
    end).

%% The groups are looked at by what the scope itself answers when it has worked off what came before.
await_empty() ->
    case pg:which_groups() of
        [] -> ok;
        _ -> timer:sleep(1), await_empty()
    end.
