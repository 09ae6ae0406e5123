using System.Runtime.ExceptionServices;
using Camelid.ModelRegistry.Distribution.Links;
using Camelid.Protocol;
using Camelid.Protocol.Models.Chunks;

namespace Camelid.ModelRegistry.Distribution.Pulls;

/// <summary>
/// One download: the plan of rules J-35 to J-37 with sockets, a clock and a disk. Each stream receives, hashes and
/// writes; a tick looks for silence, for more holders and for room on the disk.
/// </summary>
internal sealed class ModelFetch(
    IHolderDirectory directory, ChunkLinkTerms terms, PullSettings settings, TimeProvider time, ILogger logger)
{
    private readonly long started = time.GetTimestamp();
    private FetchBoard? board;

    /// <summary>Who was heard of, and what they did.</summary>
    public HolderRoster Roster { get; } = new(settings.StreamsPerHolder, logger);

    private TimeSpan Now => time.GetElapsedTime(started);

    /// <summary>How far it is; null before the head is there.</summary>
    public FetchReport? Report() => Volatile.Read(ref board)?.Report();

    /// <summary>Asks holders until one gives the head of the model.</summary>
    /// <exception cref="PullException">Nobody gives it, for too long.</exception>
    public async Task<ModelHead> FindHeadAsync(Hash256 root, CancellationToken cancellation)
    {
        while (true)
        {
            foreach (HolderAddress address in await directory.FindAsync(root, cancellation))
            {
                if (Roster.At(address) is { } holder && !holder.Fault.IsForGood()
                    && await TryFetchHeadAsync(root, holder, cancellation) is { } head)
                {
                    return head;
                }
            }

            if (Now > settings.PatienceMax)
            {
                throw new PullException("no-holder", $"model {root}: no node gives it ({Roster.Said})");
            }

            await Task.Delay(settings.FindPause, time, cancellation);
        }
    }

    /// <summary>Fetches every chunk that is not there yet.</summary>
    /// <param name="package">Where they go.</param>
    /// <param name="checkRoom">Throws where the disk or the quota has no room left; called at each tick.</param>
    /// <param name="cancellation">Ends the download; what came stays.</param>
    /// <exception cref="PullException">Nobody is left who has what is missing, or there is no room.</exception>
    /// <exception cref="IOException">The disk refuses.</exception>
    public async Task FetchAsync(PartialPackage package, Action checkRoom, CancellationToken cancellation)
    {
        using CancellationTokenSource run = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        FetchBoard current = new(package, Roster, time);
        Volatile.Write(ref board, current);
        HolderTalk talk = new(current, Roster, package, terms, time);
        try
        {
            await WatchAsync(package, talk, checkRoom, run.Token);
        }
        finally
        {
            await run.CancelAsync();
            await Task.WhenAll(Roster.Running).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            package.SaveProgress(current.Have());
        }
    }

    private async Task<ModelHead?> TryFetchHeadAsync(Hash256 root, Holder holder, CancellationToken cancellation)
    {
        try
        {
            HolderLink link = await HolderLink.OpenAsync(holder.Address, terms, time, cancellation);
            try
            {
                return await link.FetchHeadAsync(root, time);
            }
            finally
            {
                await link.CloseAsync();
            }
        }
        catch (HolderException exception)
        {
            Roster.Blame(holder, exception.Fault, exception.Message);
            return null;
        }
    }

    /// <summary>Looks at the download at each tick until it is complete or can't go on.</summary>
    private async Task WatchAsync(
        PartialPackage package, HolderTalk talk, Action checkRoom, CancellationToken cancellation)
    {
        FetchBoard current = board!;
        int saved = package.Have.SetCount;
        (TimeSpan lastChunk, TimeSpan? lastFind) = (Now, null);
        while (!current.Complete.IsCompleted)
        {
            cancellation.ThrowIfCancellationRequested();
            checkRoom();
            ThrowWhatTheDiskSaid();
            foreach (Holder silent in current.Tick())
            {
                Roster.Blame(silent, HolderFault.Stalled, "nothing came of what was asked for");
            }

            if (current.HaveCount is int count && count != saved)
            {
                package.SaveProgress(current.Have());
                (saved, lastChunk) = (count, Now);
            }

            bool isAlone = Roster.Running.All(task => task.IsCompleted);
            if (lastFind is not null && isAlone && Now - lastChunk > settings.PatienceMax)
            {
                throw new PullException("no-holder", $"model {package.Root}: {count} of {package.Have.Count} chunks "
                    + $"are here, and no node gives the others ({Roster.Said})");
            }

            if (lastFind is null || Now - lastFind > settings.FindPause)
            {
                lastFind = Now;
                await BeginAsync(package.Root, talk, cancellation);
            }

            await Task.WhenAny(current.Complete, Task.Delay(settings.Tick, time, cancellation));
        }
    }

    /// <summary>A stream bears whatever its holder does; what is left is the disk's.</summary>
    private void ThrowWhatTheDiskSaid()
    {
        if (Roster.Running.FirstOrDefault(task => task.IsFaulted) is { Exception: { } said })
        {
            ExceptionDispatchInfo.Throw(said.InnerException!);
        }
    }

    private async Task BeginAsync(Hash256 root, HolderTalk talk, CancellationToken cancellation)
    {
        // Who was tried least comes first: one that always leaves must not keep others away.
        IReadOnlyList<HolderAddress> found = await directory.FindAsync(root, cancellation);
        foreach (Holder holder in found.Select(Roster.At).OfType<Holder>().OrderBy(holder => holder.TriesCount))
        {
            int others = Roster.All.Count(other => other != holder
                && other.Streams.Any(stream => !stream.Running.IsCompleted));
            if (holder.Fault.IsForGood() || others >= settings.HoldersAtOnce)
            {
                continue;
            }

            foreach (HolderStream stream in holder.Streams.Where(stream => stream.Running.IsCompleted))
            {
                holder.TriesCount++;
                stream.Running = Task.Run(() => talk.RunAsync(stream, cancellation), CancellationToken.None);
            }
        }
    }
}
