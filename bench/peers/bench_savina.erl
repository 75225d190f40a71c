%% The BEAM's side of the Savina programs in bench/savina: plain processes and `!`, with the same parameters and the same checks.
-module(bench_savina).
-export([row/3]).
-export([ping/3, pong/1, produce/2, count/1, worker/3, hop/2, mall/5, creature/3, peer/5, sink/3, dictionary/5, dictionary_worker/4]).

-import(bench_meter, [now_us/0, check/3]).

-define(THETA, 37.2).

row(Name, Warm, Run) ->
    Prepared = prepare(Name),
    Us = bench_meter:median_us(Warm, Run, fun() ->
        Started = now_us(),
        Counts = program(Name, Prepared),
        Took = now_us() - Started,
        [check(What, Got, Expected) || {What, Got, Expected} <- Counts],
        Took
    end),
    Us / 1000.

%% What is there before the measured time.
prepare(savina_concurrent_dictionary) ->
    Entries = maps:from_list([{Key, Key} || Key <- lists:seq(0, 524286)]),
    spawn(?MODULE, dictionary, [Entries, 0, 0, 0, 0]);
prepare(_) ->
    none.

%% --- ping pong: 40,000 ------------------------------------------------------------------------------------------------

program(savina_ping_pong, _) ->
    Self = self(),
    Pong = spawn(?MODULE, pong, [0]),
    spawn(?MODULE, ping, [Pong, Self, 0]),
    receive {counted, Pings, Pongs} -> [{pings, Pings, 40000}, {pongs, Pongs, 40000}] end;

%% --- counting: 1,000,000 ----------------------------------------------------------------------------------------------

program(savina_counting, _) ->
    Counter = spawn(?MODULE, count, [0]),
    spawn(?MODULE, produce, [Counter, self()]),
    receive {counted, N} -> [{messages, N, 1000000}] end;

%% --- fork join: 40,000 actors; 60 actors with 10,000 messages each ----------------------------------------------------

program(savina_fork_join_create, _) ->
    fork_join(40000, 1);
program(savina_fork_join_throughput, _) ->
    fork_join(60, 10000);

%% --- thread ring: 100 actors, 100,000 hops ----------------------------------------------------------------------------

program(savina_thread_ring, _) ->
    Self = self(),
    Totals = atomics:new(2, []),
    Ring = [spawn(?MODULE, hop, [Self, Totals]) || _ <- lists:seq(1, 100)],
    connect(Ring, tl(Ring) ++ [hd(Ring)]),
    hd(Ring) ! {token, 100000},
    receive finished -> ok end,
    [{hops, atomics:get(Totals, 1), 100001}, {ended, atomics:get(Totals, 2), 100}];

%% --- chameneos: 100 creatures, 200,000 meetings -----------------------------------------------------------------------

program(savina_chameneos, _) ->
    Mall = spawn(?MODULE, mall, [none, 200000, 0, 0, self()]),
    [spawn(?MODULE, creature, [Mall, I rem 3, 0]) || I <- lists:seq(0, 99)],
    receive {counted, Meetings, Faded} -> [{meetings, Meetings, 400000}, {faded, Faded, 100}] end;

%% --- big: 120 actors, 20,000 pings each -------------------------------------------------------------------------------

program(savina_big, _) ->
    Self = self(),
    Totals = atomics:new(3, []),
    Sink = spawn(?MODULE, sink, [120, 0, none]),
    Pids = [spawn(?MODULE, peer, [Seed, Sink, 0, 0, {Self, Totals}]) || Seed <- lists:seq(0, 119)],
    Peers = list_to_tuple(Pids),
    Sink ! {peers, Pids},
    [Pid ! {start, Peers} || Pid <- Pids],
    receive finished -> ok end,
    [{pings, atomics:get(Totals, 1), 2400000}, {pongs, atomics:get(Totals, 2), 2400000}, {ended, atomics:get(Totals, 3), 120}];

%% --- concurrent dictionary: 20 workers, 10,000 requests each, a tenth of them writes, 524,287 entries -----------------

program(savina_concurrent_dictionary, Dictionary) ->
    Dictionary ! {reset, self()},
    [spawn(?MODULE, dictionary_worker, [Dictionary, Seed, 0, 0]) || Seed <- lists:seq(1, 20)],
    receive
        {counted, Reads, Writes, Answers, Entries} ->
            [{reads, Reads, 200000 - 19913}, {writes, Writes, 19913}, {answers, Answers, 200000}, {entries, Entries, 524287}]
    end.

ping(Pong, Main, 0) ->
    Pong ! {ping, self()},
    ping(Pong, Main, 1);
ping(Pong, Main, Sent) ->
    receive
        pong when Sent < 40000 ->
            Pong ! {ping, self()},
            ping(Pong, Main, Sent + 1);
        pong ->
            Pong ! {finish, self()},
            receive {finished, Pings} -> Main ! {counted, Pings, Sent} end
    end.

pong(Pings) ->
    receive
        {ping, From} -> From ! pong, pong(Pings + 1);
        {finish, From} -> From ! {finished, Pings}
    end.

produce(Counter, Main) ->
    bench_meter:repeat(1000000, fun() -> Counter ! increment end),
    Counter ! {report, self()},
    receive {counted, N} -> Main ! {counted, N} end.

count(N) ->
    receive
        increment -> count(N + 1);
        {report, From} -> From ! {counted, N}
    end.

fork_join(Actors, Messages) ->
    Self = self(),
    %% 1: computed, 2: actors still at work.
    Totals = atomics:new(2, []),
    atomics:put(Totals, 2, Actors),
    case Messages of
        1 -> bench_meter:repeat(Actors, fun() -> spawn(?MODULE, worker, [1, Totals, Self]) ! {work, ?THETA} end);
        _ ->
            Workers = [spawn(?MODULE, worker, [Messages, Totals, Self]) || _ <- lists:seq(1, Actors)],
            bench_meter:repeat(Messages, fun() -> [Worker ! {work, ?THETA} || Worker <- Workers] end)
    end,
    receive finished -> ok end,
    [{computed, atomics:get(Totals, 1), Actors * Messages}, {left, atomics:get(Totals, 2), 0}].

worker(Left, Totals, Main) ->
    receive
        {work, Theta} ->
            Sine = math:sin(Theta),
            case Sine * Sine > 0 of
                true -> atomics:add(Totals, 1, 1);
                false -> ok
            end,
            case Left of
                1 ->
                    case atomics:sub_get(Totals, 2, 1) of
                        0 -> Main ! finished;
                        _ -> ok
                    end;
                _ -> worker(Left - 1, Totals, Main)
            end
    end.

connect([], []) -> ok;
connect([Hop | Ring], [Next | Others]) ->
    Hop ! {connect, Next},
    connect(Ring, Others).

hop(Main, Totals) ->
    receive {connect, Next} -> hop(Main, Totals, Next, 0) end.

hop(Main, Totals, Next, Hops) ->
    receive
        {token, 0} ->
            Next ! {stop, 99},
            hop(Main, Totals, Next, Hops + 1);
        {token, Left} ->
            Next ! {token, Left - 1},
            hop(Main, Totals, Next, Hops + 1);
        {stop, Left} ->
            atomics:add(Totals, 1, Hops),
            atomics:add(Totals, 2, 1),
            case Left of
                0 -> Main ! finished;
                _ -> Next ! {stop, Left - 1}
            end
    end.

mall(Waiting, Left, Meetings, Faded, Main) ->
    receive
        {arrive, _, Creature} when Left =:= 0 ->
            Creature ! fade,
            mall(Waiting, 0, Meetings, Faded, Main);
        {arrive, _, Creature} when Waiting =:= none ->
            mall(Creature, Left, Meetings, Faded, Main);
        {arrive, Colour, Creature} ->
            Waiting ! {meet, Colour, Creature},
            mall(none, Left - 1, Meetings, Faded, Main);
        {count, Count} when Faded =:= 99 ->
            Main ! {counted, Meetings + Count, 100};
        {count, Count} ->
            mall(Waiting, Left, Meetings + Count, Faded + 1, Main)
    end.

creature(Mall, Colour, Meetings) ->
    Mall ! {arrive, Colour, self()},
    receive
        {meet, Colour, Other} ->
            Other ! {change, Colour},
            creature(Mall, Colour, Meetings + 1);
        {meet, Theirs, Other} ->
            Mine = 3 - Colour - Theirs,
            Other ! {change, Mine},
            creature(Mall, Mine, Meetings + 1);
        {change, Mine} ->
            creature(Mall, Mine, Meetings + 1);
        fade ->
            Mall ! {count, Meetings}
    end.

peer(Seed, Sink, Pings, Pongs, Main) ->
    receive
        {start, Peers} -> next(Seed, Peers, Sink, Pings, Pongs, Main);
        %% Somebody else was told to begin before.
        {ping, From} -> From ! pong, peer(Seed, Sink, Pings + 1, Pongs, Main)
    end.

next(Seed, Peers, Sink, Pings, Pongs, Main) ->
    Random = next_random(Seed),
    element(Random rem 120 + 1, Peers) ! {ping, self()},
    peer(Random, Peers, Sink, Pings, Pongs, Main).

peer(Seed, Peers, Sink, Pings, Pongs, {Parent, Totals} = Main) ->
    receive
        {ping, From} ->
            From ! pong,
            peer(Seed, Peers, Sink, Pings + 1, Pongs, Main);
        pong when Pongs < 19999 ->
            next(Seed, Peers, Sink, Pings, Pongs + 1, Main);
        pong ->
            Sink ! finished,
            peer(Seed, Peers, Sink, Pings, Pongs + 1, Main);
        stop ->
            atomics:add(Totals, 1, Pings),
            atomics:add(Totals, 2, Pongs),
            case atomics:add_get(Totals, 3, 1) of
                120 -> Parent ! finished;
                _ -> ok
            end
    end.

sink(Actors, Actors, Pids) -> [Pid ! stop || Pid <- Pids];
sink(Actors, Finished, none) ->
    receive {peers, Pids} -> sink(Actors, Finished, Pids) end;
sink(Actors, Finished, Pids) ->
    receive finished -> sink(Actors, Finished + 1, Pids) end.

dictionary(Entries, Reads, Writes, Answers, Left) ->
    receive
        {reset, Main} ->
            put(main, Main),
            dictionary(Entries, 0, 0, 0, 20);
        {read, From, Key} ->
            From ! {result, maps:get(Key, Entries)},
            dictionary(Entries, Reads + 1, Writes, Answers, Left);
        {write, From, Key, Value} ->
            From ! {result, Value},
            dictionary(Entries#{Key => Value}, Reads, Writes + 1, Answers, Left);
        {finish, Count} when Left =:= 1 ->
            get(main) ! {counted, Reads, Writes, Answers + Count, maps:size(Entries)},
            dictionary(Entries, 0, 0, 0, 0);
        {finish, Count} ->
            dictionary(Entries, Reads, Writes, Answers + Count, Left - 1)
    end.

dictionary_worker(Dictionary, _, 10000, Answers) ->
    Dictionary ! {finish, Answers};
dictionary_worker(Dictionary, Seed, Sent, Answers) ->
    Random = next_random(Seed),
    Next = next_random(Random),
    Key = (Next * 8 + (Next band 7)) rem 524287,
    case (Random bsr 4) rem 100 < 10 of
        true -> Dictionary ! {write, self(), Key, Random};
        false -> Dictionary ! {read, self(), Key}
    end,
    receive {result, _} -> dictionary_worker(Dictionary, Next, Sent + 1, Answers + 1) end.

next_random(Seed) -> (Seed * 20077 + 12345) band 16#ffff.
