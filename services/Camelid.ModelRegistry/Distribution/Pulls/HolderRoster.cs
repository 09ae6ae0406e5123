using Camelid.Protocol.Models.Chunks;

namespace Camelid.ModelRegistry.Distribution.Pulls;

/// <summary>One that says it has the model, as a download knows it.</summary>
internal sealed class Holder
{
    /// <summary>A holder that was not asked yet.</summary>
    public Holder(int firstNumber, HolderAddress address, int streamsCount)
    {
        Address = address;
        Streams = [.. Enumerable.Range(firstNumber, streamsCount).Select(number => new HolderStream(this, number))];
    }

    /// <summary>Where it serves chunks.</summary>
    public HolderAddress Address { get; }

    /// <summary>The streams to it; whatever one of them does, the holder did.</summary>
    public IReadOnlyList<HolderStream> Streams { get; }

    /// <summary>What is held against it.</summary>
    public HolderFault Fault { get; set; }

    /// <summary>How often it was tried.</summary>
    public int TriesCount { get; set; }

    /// <summary>True while a stream to it carries chunks.</summary>
    public bool IsHere => Streams.Any(stream => stream.Link is not null);

    /// <summary>Bytes of chunks that came from it.</summary>
    public long BytesCount => Streams.Sum(stream => stream.BytesCount);
}

/// <summary>One stream to a holder; the plan counts each as a holder of its own.</summary>
internal sealed class HolderStream(Holder holder, int number)
{
    private long bytesCount;

    /// <summary>The holder.</summary>
    public Holder Holder => holder;

    /// <summary>Its number in the plan.</summary>
    public int Number => number;

    /// <summary>The connection, once the plan knows the stream.</summary>
    public HolderLink? Link { get; set; }

    /// <summary>Carries it; over where it is not connected.</summary>
    public Task Running { get; set; } = Task.CompletedTask;

    /// <summary>True once the plan knows it.</summary>
    public bool HasJoined { get; set; }

    /// <summary>Bytes of chunks that came over it.</summary>
    public long BytesCount => Interlocked.Read(ref bytesCount);

    public void AddBytes(int bytes) => Interlocked.Add(ref bytesCount, bytes);
}

/// <summary>The holders that a download has heard of. Who lied once stays named.</summary>
internal sealed partial class HolderRoster(int streamsPerHolder, ILogger logger)
{
    private readonly Lock gate = new();
    private readonly Dictionary<(string Host, int Port), Holder> holders = [];
    private readonly Dictionary<(string Host, int Port), HolderFault> avoided = [];
    private readonly List<HolderStream> streams = [];

    /// <summary>All of them.</summary>
    public IReadOnlyList<Holder> All
    {
        get
        {
            lock (gate)
            {
                return [.. holders.Values];
            }
        }
    }

    /// <summary>Streams that are open, or being opened.</summary>
    public IReadOnlyList<Task> Running =>
        [.. All.SelectMany(holder => holder.Streams).Select(stream => stream.Running)];

    /// <summary>Those that are never asked again.</summary>
    public IReadOnlyList<Holder> Liars => [.. All.Where(holder => holder.Fault.IsForGood())];

    /// <summary>What each of them did last, for people.</summary>
    public string Said => string.Join("; ", All.Select(holder => $"{holder.Address}: {holder.Fault.Name()}")
        .DefaultIfEmpty("no node announces it"));

    /// <summary>The holder at an address, whoever announces it; null for one more than a download may have.</summary>
    public Holder? At(HolderAddress address)
    {
        lock (gate)
        {
            (string, int) place = (address.Host, address.Port);
            int first = holders.Count * streamsPerHolder;
            if (!holders.TryGetValue(place, out Holder? holder)
                && first + streamsPerHolder <= DownloadPlan.HoldersMax)
            {
                holder = new Holder(first, address, streamsPerHolder) { Fault = avoided.GetValueOrDefault(place) };
                holders.Add(place, holder);
                streams.AddRange(holder.Streams);
            }

            return holder;
        }
    }

    /// <summary>Says that an address did wrong before: should it be found, it is not asked.</summary>
    public void Avoid(HolderAddress address, HolderFault fault)
    {
        lock (gate)
        {
            avoided[(address.Host, address.Port)] = fault;
        }
    }

    /// <summary>The stream of that number in the plan.</summary>
    public HolderStream StreamOf(int number)
    {
        lock (gate)
        {
            return streams[number];
        }
    }

    /// <summary>Notes what a holder did.</summary>
    public void Blame(Holder holder, HolderFault fault, string message)
    {
        lock (gate)
        {
            if (holder.Fault.IsForGood() || (!fault.IsForGood() && holder.IsHere))
            {
                return;
            }

            holder.Fault = fault;
        }

        if (fault.IsForGood())
        {
            LogLiar(holder.Address, holder.Address.NodeId, fault.Name(), message);
        }
        else
        {
            LogAway(holder.Address, fault.Name(), message);
        }
    }

    [LoggerMessage(5020, LogLevel.Warning, "Holder {Address} ({NodeId}) is not asked any more: {Fault}: {Reason}")]
    private partial void LogLiar(HolderAddress address, string nodeId, string fault, string reason);

    [LoggerMessage(5021, LogLevel.Information, "Holder {Address} is away: {Fault}: {Reason}")]
    private partial void LogAway(HolderAddress address, string fault, string reason);
}
