using System.Buffers.Binary;
using Camelid.Chain.Blocks;
using Camelid.Chain.Index;
using Camelid.Chain.Mempool;
using Camelid.Protocol;
using Camelid.Protocol.Jobs;
using Camelid.Protocol.Scripts;
using Camelid.Protocol.Transactions;
using Camelid.ServiceDefaults.Rpc;
using Grpc.Core;

namespace Camelid.Chain.Signing;

/// <summary>What the signers share.</summary>
internal sealed record SignerParts(
    ChainState State, BlockIndex Index, SignerStore Store, TransactionIntake Intake, JobClock Clock)
{
    /// <summary>Builds the transactions of the escrow.</summary>
    public JobTransactions Build { get; } = new(new ChainIdentity(State.Network, State.Curve, State.Keys));

    /// <summary>The depth of a transaction: 1 in the tip, 0 where it is in no block.</summary>
    public async Task<uint> DepthAsync(Txid txid, CancellationToken cancellationToken)
    {
        TransactionRow? row = await Index.FindAsync(txid, cancellationToken);
        long tip = State.Read(reading => reading.Tip.Height);
        return row is null || row.Height > tip ? 0 : (uint)(tip - row.Height + 1);
    }

    /// <summary>The unspent stake of that id, or null.</summary>
    public Utxo? StakeAt(StakeId stake)
    {
        OutPoint outPoint = new(new Txid(stake.Txid), stake.Index);
        return State.Read(reading => reading.Outputs.TryGet(outPoint, out Utxo? utxo)
            && StakeScript.TryParse(utxo.Output.Script, out StakeScript _) ? utxo : null);
    }

    /// <summary>A stake id out of 36 bytes, or none out of no bytes.</summary>
    public static StakeId StakeIdOf(ReadOnlySpan<byte> bytes) => bytes.Length switch
    {
        0 => default,
        StakeId.Bytes => new StakeId(
            Hash256.FromBytes(bytes[..Hash256.Bytes]), BinaryPrimitives.ReadUInt32LittleEndian(bytes[Hash256.Bytes..])),
        _ => throw Bad($"stake_id: {bytes.Length} bytes, not {StakeId.Bytes}"),
    };

    /// <summary>The transaction at a place of the active chain; null where a reorganisation was faster.</summary>
    public Transaction? ReadTransaction(TransactionRow row)
    {
        BlockEntry? entry = State.Read(reading => reading.Active.ElementAtOrDefault((int)row.Height));
        Transaction? found =
            entry is null ? null : State.TryReadBlock(entry)?.Transactions.ElementAtOrDefault((int)row.Position);
        return found is not null && found.Txid.ToString() == row.Txid ? found : null;
    }

    /// <summary>The offer of a job.</summary>
    /// <exception cref="RpcException">FAILED_PRECONDITION, reason no-offer.</exception>
    public async Task<OfferRow> OfferAsync(JobId jobId, CancellationToken cancellationToken) =>
        await Store.FindOfferAsync(jobId, cancellationToken)
        ?? throw Refused("no-offer", $"job {jobId}: this node made no offer for it. Call OpenOffer first.");

    /// <summary>The schedule of a job.</summary>
    public EscrowSchedule ScheduleOf(JobParameters job) => EscrowSchedule.Of(job, State.Network.WindowSeconds);

    /// <summary>A refusal that another call can't change by itself.</summary>
    public static RpcException Refused(string reason, string message) =>
        RpcReason.Exception(StatusCode.FailedPrecondition, reason, message);

    /// <summary>A request that is not in form.</summary>
    public static RpcException Bad(string message) => new(new Status(StatusCode.InvalidArgument, message));

    /// <summary>A job id out of 32 bytes.</summary>
    public static JobId JobIdOf(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length != Hash256.Bytes)
        {
            throw Bad($"job_id: {bytes.Length} bytes, not {Hash256.Bytes}");
        }

        JobId jobId = new(Hash256.FromBytes(bytes));
        return jobId.IsNone ? throw Bad("job_id: zero is no job") : jobId;
    }
}
