using Camelid.Contracts.ModelRegistry.V1;
using Camelid.ModelRegistry.Catalog;
using Camelid.ModelRegistry.Distribution;
using Camelid.ModelRegistry.Distribution.Pulls;
using Camelid.ModelRegistry.Distribution.Serving;
using Camelid.Protocol;
using Camelid.Protocol.Models.Chunks;
using Camelid.ServiceDefaults.Rpc;
using Google.Protobuf;
using Grpc.Core;

namespace Camelid.ModelRegistry.Rpc;

/// <summary>Answers the questions of <c>ModelRegistryRpc</c> about models of other operators.</summary>
internal sealed class DistributionAnswers(
    ModelCatalog catalog, ModelNetwork network, ChunkShelf shelf, TimeProvider time)
{
    /// <summary>How often a watched download is looked at.</summary>
    private static readonly TimeSpan WatchPause = TimeSpan.FromMilliseconds(250);

    public Task<Model> PublishAsync(string model, CancellationToken cancellation) => RefusingAsync(async () =>
        ModelFacts.Of((await network.PublishAsync(model, cancellation)).Package!));

    public Task<PullDetails> PullAsync(string model, CancellationToken cancellation) => RefusingAsync(async () =>
        ProgressOf(await network.PullAsync(model, cancellation)));

    public ListPullsReply List() => new() { Pulls = { network.Pulls.All.Select(ProgressOf) } };

    public Task<RemoveModelReply> RemoveAsync(string model, CancellationToken cancellation) =>
        RefusingAsync(async () => new RemoveModelReply
        {
            Root = Bytes(await network.RemoveAsync(model, shelf, cancellation)),
        });

    public Task<ListAnnouncedReply> AnnouncedAsync(CancellationToken cancellation) => RefusingAsync(async () =>
    {
        IReadOnlyDictionary<Hash256, long> settled = await network.PopularityAsync(cancellation);
        ListAnnouncedReply reply = new();
        reply.Models.AddRange((await network.AnnouncedAsync(cancellation)).Select(known => new AnnouncedModel
        {
            Root = Bytes(known.Model.Root),
            Name = known.Model.Name,
            BytesCount = known.Model.BytesCount,
            ParentRoot = known.Model.ParentRoot is { } parent ? Bytes(parent) : ByteString.Empty,
            Holders = (uint)known.HoldersCount,
            SettledJobs = (ulong)settled.GetValueOrDefault(known.Model.Root),
            Local = catalog.Find(known.Model.Root) is { IsIntact: true },
        }));
        return reply;
    });

    /// <summary>Tells of each change until the download is over.</summary>
    public async Task WatchAsync(
        ByteString root, IServerStreamWriter<PullDetails> stream, CancellationToken cancellation)
    {
        ModelPull pull = root.Length == Hash256.Bytes && network.Pulls.Find(Hash256.FromBytes(root.Span)) is { } found
            ? found
            : throw RpcReason.Exception(StatusCode.NotFound, "unknown-model", "root: no download of such a model");
        PullDetails? told = null;
        using PeriodicTimer timer = new(WatchPause, time);
        while (true)
        {
            bool isOver = pull.IsOver;
            PullDetails progress = ProgressOf(pull);
            if (!progress.Equals(told))
            {
                await stream.WriteAsync(progress, cancellation);
                told = progress;
            }

            if (isOver || network.Pulls.Find(pull.Root) != pull)
            {
                return;
            }

            await timer.WaitForNextTickAsync(cancellation);
        }
    }

    private static ByteString Bytes(Hash256 hash) => ByteString.CopyFrom(hash.ToBytes());

    private static async Task<T> RefusingAsync<T>(Func<Task<T>> answer)
    {
        try
        {
            return await answer();
        }
        catch (PullException refusal)
        {
            throw RpcReason.Exception(
                refusal.Reason switch
                {
                    "unknown-model" => StatusCode.NotFound,
                    "pulls-full" => StatusCode.ResourceExhausted,
                    "no-market" => StatusCode.Unavailable,
                    "model-damaged" => StatusCode.DataLoss,
                    _ => StatusCode.FailedPrecondition,
                },
                refusal.Reason, refusal.Message);
        }
    }

    private static PullDetails ProgressOf(ModelPull pull)
    {
        FetchReport? report = pull.Report();
        PullDetails progress = new()
        {
            Root = Bytes(pull.Root),
            Name = pull.Row.Name,
            State = pull.Row.State,
            Reason = pull.Row.Reason,
            Message = pull.Row.Message,
            BytesCount = report?.BytesCount ?? 0,
            BytesHave = report?.BytesHave ?? 0,
            ChunksCount = (uint)(report?.ChunksCount ?? 0),
            ChunksHave = (uint)(report?.ChunksHave ?? 0),
            RequestedUnixMs = pull.Row.Requested,
            EndedUnixMs = pull.Row.Ended,
        };
        progress.Holders.AddRange((report?.Holders ?? []).Select(holder => new PullHolder
        {
            Address = holder.Address.ToString(),
            NodeId = NodeIdOf(holder.Address.NodeId),
            Connected = holder.IsHere,
            Fault = holder.Fault.Name(),
            Chunks = (uint)holder.ChunksCount,
            BytesReceived = holder.BytesCount,
        }));
        return progress;
    }

    /// <summary>The market's own digits; a test's or a fixed address's may be none.</summary>
    private static ByteString NodeIdOf(string digits) =>
        digits.Length % 2 == 0 && digits.All(char.IsAsciiHexDigitLower)
            ? ByteString.CopyFrom(Convert.FromHexString(digits))
            : ByteString.Empty;
}
