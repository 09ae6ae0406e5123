using Camelid.Chain.Api;
using Camelid.Chain.Blocks;
using Camelid.Chain.Mempool;
using Camelid.Chain.Mining;
using Camelid.Chain.Signing;
using Camelid.Contracts.Chain.V1;
using Camelid.Protocol;
using Camelid.Protocol.Blocks;
using Camelid.Protocol.Jobs;
using Camelid.Protocol.Keys;
using Camelid.Protocol.Transactions;
using Google.Protobuf;
using Grpc.Core;

namespace Camelid.Chain.Rpc;

/// <summary>The edge of the chain: bytes become values here, once.</summary>
internal sealed class ChainService(
    ChainReader reader, TransactionIntake transactions, BlockMaker maker, ChainCore core,
    BlockIntake intake, EscrowReader escrow) : ChainRpc.ChainRpcBase
{
    /// <inheritdoc/>
    public override Task<ChainStatus> GetStatus(GetStatusRequest request, ServerCallContext context) =>
        Task.FromResult(reader.Status());

    /// <inheritdoc/>
    public override Task<BlockReply> GetBlock(GetBlockRequest request, ServerCallContext context)
    {
        BlockReply? reply = request.BlockCase switch
        {
            GetBlockRequest.BlockOneofCase.Height => reader.FindBlock(request.Height),
            GetBlockRequest.BlockOneofCase.Hash => reader.FindBlock(new BlockHash(HashOf("hash", request.Hash))),
            _ => throw SignerParts.Bad("block: give its height or its hash"),
        };
        return Task.FromResult(reply ?? throw NotFound("no such block on the active chain"));
    }

    /// <inheritdoc/>
    public override Task<ListBlocksReply> ListBlocks(ListBlocksRequest request, ServerCallContext context)
    {
        ListBlocksReply reply = new();
        reply.Blocks.AddRange(reader.Blocks(request.BeforeHeight, request.Limit));
        return Task.FromResult(reply);
    }

    /// <inheritdoc/>
    public override async Task<TransactionReply> GetTransaction(
        GetTransactionRequest request, ServerCallContext context) =>
        await reader.FindTransactionAsync(new Txid(HashOf("txid", request.Txid)), context.CancellationToken)
        ?? throw NotFound("no such transaction on the active chain or in the mempool");

    /// <inheritdoc/>
    public override async Task<TransactionReply> FindPayment(FindPaymentRequest request, ServerCallContext context)
    {
        if (!JobParameters.TryDecode(request.JobParameters.Span, out JobParameters? job) || job is null
            || !Testament.TryDecode(request.Testament.Span, out Testament? testament) || testament is null
            || testament.TokenCount > job.MaxTokens
            || !PublicKey.TryFromBytes(request.WorkerKey.Span, out PublicKey worker))
        {
            throw SignerParts.Bad("job_parameters, testament, worker_key: one of them is not in canonical form");
        }

        return await escrow.FindPaymentAsync(new AwaitedPayment(job, testament, worker), context.CancellationToken)
            ?? throw NotFound("no such payment on the active chain or in the mempool");
    }

    /// <inheritdoc/>
    public override async Task<TransactionReply> FindSpend(FindSpendRequest request, ServerCallContext context) =>
        await escrow.FindSpendAsync(
            new OutPoint(new Txid(HashOf("txid", request.Txid)), request.Index), context.CancellationToken)
        ?? throw NotFound("nothing spends that output");

    /// <inheritdoc/>
    public override async Task<SubmitTransactionReply> SubmitTransaction(
        SubmitTransactionRequest request, ServerCallContext context)
    {
        if (!Transaction.TryDecode(request.Raw.Span, out Transaction? transaction))
        {
            throw SignerParts.Bad("raw: not the canonical bytes of a transaction (rule C-05)");
        }

        PoolVerdict verdict = await transactions.SubmitAsync(transaction, context.CancellationToken);
        return new SubmitTransactionReply
        {
            Txid = ByteString.CopyFrom(transaction.Txid.Value.ToBytes()),
            Accepted = verdict.IsAccepted,
            Reason = verdict.Reason,
        };
    }

    /// <inheritdoc/>
    public override Task<ListMempoolReply> ListMempool(ListMempoolRequest request, ServerCallContext context)
    {
        ListMempoolReply reply = new();
        reply.Transactions.AddRange(reader.Mempool(request.Limit));
        return Task.FromResult(reply);
    }

    /// <inheritdoc/>
    public override Task<FeeReply> EstimateFee(EstimateFeeRequest request, ServerCallContext context) =>
        request.TargetBlocks is >= 1 and <= FeeEstimator.TargetMax
            ? Task.FromResult(reader.Fee(request.TargetBlocks))
            : throw SignerParts.Bad($"target_blocks: {request.TargetBlocks}, not 1 … {FeeEstimator.TargetMax}");

    /// <inheritdoc/>
    public override async Task<MineReply> Mine(MineRequest request, ServerCallContext context)
    {
        if (request.Count is < 1 or > BlockMaker.BlocksMax)
        {
            throw SignerParts.Bad($"count: {request.Count}, not 1 … {BlockMaker.BlocksMax}");
        }

        if (!maker.IsOnDemand)
        {
            throw SignerParts.Refused("not-on-demand", ChainApi.NotOnDemand);
        }

        MineReply reply = new();
        foreach (BlockHash hash in await maker.MineAsync(request.Count, context.CancellationToken))
        {
            reply.Hashes.Add(ByteString.CopyFrom(hash.Value.ToBytes()));
        }

        return reply;
    }

    /// <inheritdoc/>
    public override Task<SupplyReply> GetSupply(GetSupplyRequest request, ServerCallContext context) =>
        Task.FromResult(reader.Supply());

    /// <inheritdoc/>
    public override Task<ChainStatus> InvalidateBlock(InvalidateBlockRequest request, ServerCallContext context) =>
        AfterAsync(core.Invalidate(new BlockHash(HashOf("hash", request.Hash))), context.CancellationToken);

    /// <inheritdoc/>
    public override Task<ChainStatus> ReconsiderBlock(ReconsiderBlockRequest request, ServerCallContext context) =>
        AfterAsync(core.Reconsider(new BlockHash(HashOf("hash", request.Hash))), context.CancellationToken);

    /// <inheritdoc/>
    public override async Task WatchTip(
        WatchTipRequest request, IServerStreamWriter<ChainStatus> responseStream, ServerCallContext context)
    {
        while (!context.CancellationToken.IsCancellationRequested)
        {
            Task changed = core.TipChanged.Next;
            await responseStream.WriteAsync(reader.Status(), context.CancellationToken);
            try
            {
                await changed.WaitAsync(context.CancellationToken);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private async Task<ChainStatus> AfterAsync(BlockAcceptance acceptance, CancellationToken cancellationToken)
    {
        await intake.CatchUpAsync(cancellationToken);
        return acceptance.Code switch
        {
            RuleCode.BlockUnknown => throw NotFound("hash: no such block is known"),
            RuleCode.GenesisStays => throw SignerParts.Refused("genesis-stays", "hash: the first block stays"),
            _ => reader.Status(),
        };
    }

    private static Hash256 HashOf(string field, ByteString bytes) => bytes.Length == Hash256.Bytes
        ? Hash256.FromBytes(bytes.Span)
        : throw SignerParts.Bad($"{field}: {bytes.Length} bytes, not {Hash256.Bytes}");

    private static RpcException NotFound(string message) => new(new Status(StatusCode.NotFound, message));
}
