using Camelid.Protocol.Models.Chunks;

namespace Camelid.ModelRegistry.Distribution.Pulls;

/// <summary>
/// The plan of one download, for many threads: whatever changes it also sends the asks that follow from it.
/// </summary>
internal sealed class FetchBoard
{
    private readonly Lock gate = new();
    private readonly TaskCompletionSource complete = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly PartialPackage package;
    private readonly HolderRoster roster;
    private readonly DownloadPlan plan;
    private readonly TimeProvider time;
    private readonly long started;

    /// <summary>A download that nobody was asked for yet.</summary>
    public FetchBoard(PartialPackage package, HolderRoster roster, TimeProvider time)
    {
        (this.package, this.roster, this.time, started) = (package, roster, time, time.GetTimestamp());
        plan = new DownloadPlan(package.Have);
        CompleteOnce();
    }

    /// <summary>Over once every chunk is there.</summary>
    public Task Complete => complete.Task;

    /// <summary>Chunks that are there.</summary>
    public int HaveCount
    {
        get
        {
            lock (gate)
            {
                return plan.HaveCount;
            }
        }
    }

    private TimeSpan Now => time.GetElapsedTime(started);

    /// <summary>Which chunks are there.</summary>
    public ChunkBits Have()
    {
        lock (gate)
        {
            return plan.Have();
        }
    }

    /// <summary>A stream is connected. False where the plan wants it no more.</summary>
    public bool Join(HolderStream stream, HolderLink link, ChunkBits? has)
    {
        lock (gate)
        {
            if (stream.Holder.Fault.IsForGood() || !plan.Join(stream.Number, has, link.Window, Now))
            {
                return false;
            }

            (stream.Link, stream.HasJoined, stream.Holder.Fault) = (link, true, HolderFault.None);
            Dispatch();
            return true;
        }
    }

    /// <summary>A chunk came, to be judged. False where it was not asked for.</summary>
    public bool Receive(HolderStream stream, ChunkAnswer answer)
    {
        lock (gate)
        {
            bool isAsked = answer.Root == package.Root && package.Head.Layout.NumberOf(answer.Place) is { } chunk
                && plan.Receive(stream.Number, chunk, Now);
            Dispatch();
            return isAsked;
        }
    }

    /// <summary>A chunk that came was judged; a proven one is on disk.</summary>
    public void Judge(HolderStream stream, ChunkPlace place, bool isProven)
    {
        lock (gate)
        {
            plan.Judge(stream.Number, package.Head.Layout.NumberOf(place)!.Value, isProven);
            CompleteOnce();
            if (!isProven)
            {
                LeaveAll(stream.Holder, HolderFault.WrongChunk);
                Dispatch();
            }
        }
    }

    /// <summary>A holder has not what it was asked for. False where that was not asked.</summary>
    public bool Lack(HolderStream stream, HaveNot lack)
    {
        lock (gate)
        {
            foreach (int index in lack.Indices)
            {
                if (package.Head.Layout.NumberOf(new ChunkPlace(lack.File, index)) is not { } chunk)
                {
                    return false;
                }

                plan.Lack(stream.Number, chunk);
            }

            Dispatch();
            return lack.Indices.Count > 0 && plan.Of(stream.Number).IsHere;
        }
    }

    /// <summary>A stream is not connected any more. What is for good counts for all streams of its holder.</summary>
    public void Leave(HolderStream stream, HolderFault fault)
    {
        lock (gate)
        {
            if (fault.IsForGood())
            {
                LeaveAll(stream.Holder, fault);
            }

            stream.Link = null;
            if (stream.HasJoined)
            {
                plan.Leave(stream.Number, fault);
                Dispatch();
            }
        }
    }

    /// <summary>Ends streams of which nothing came for too long, and asks again what is due.</summary>
    public IReadOnlyList<Holder> Tick()
    {
        lock (gate)
        {
            HolderStream[] silent = [.. plan.LeaveOverdue(Now).Select(roster.StreamOf)];
            foreach (HolderStream stream in silent)
            {
                stream.Link?.End();
            }

            Dispatch();
            return [.. silent.Select(stream => stream.Holder).Distinct()];
        }
    }

    /// <summary>How far it is.</summary>
    public FetchReport Report()
    {
        lock (gate)
        {
            ModelLayout layout = package.Head.Layout;
            ChunkBits have = plan.Have();
            long missing = 0;
            for (int chunk = have.NextClear(0); chunk < have.Count; chunk = have.NextClear(chunk + 1))
            {
                missing += layout.LengthOf(layout.PlaceOf(chunk));
            }

            return new FetchReport
            {
                BytesCount = package.BytesCount,
                BytesHave = package.BytesCount - missing,
                ChunksCount = have.Count,
                ChunksHave = have.SetCount,
                FetchesMost = Enumerable.Range(0, have.Count).Max(plan.FetchesOf),
                Holders = [.. roster.All.Select(holder => new HolderReport(
                    holder.Address, holder.IsHere, holder.Fault, holder.Streams.Where(stream => stream.HasJoined)
                        .Sum(stream => plan.Of(stream.Number).ProvenCount), holder.BytesCount))],
            };
        }
    }

    private void LeaveAll(Holder holder, HolderFault fault)
    {
        foreach (HolderStream stream in holder.Streams.Where(stream => stream.HasJoined))
        {
            plan.Leave(stream.Number, fault);
            stream.Link?.End();
        }
    }

    private void CompleteOnce()
    {
        if (plan.IsComplete)
        {
            complete.TrySetResult();
        }
    }

    private void Dispatch()
    {
        ModelLayout layout = package.Head.Layout;
        foreach (IGrouping<(int Holder, int File), ChunkPlace> asks in plan.Next(Now)
            .Select(ask => (ask.Holder, Place: layout.PlaceOf(ask.Chunk)))
            .GroupBy(ask => (ask.Holder, ask.Place.File), ask => ask.Place))
        {
            HolderLink? link = roster.StreamOf(asks.Key.Holder).Link;
            foreach (int[] indices in asks.Select(place => place.Index).Order().Chunk(GetChunks.IndicesMax))
            {
                link?.Ask(new GetChunks(package.Root, asks.Key.File, indices));
            }
        }
    }
}
