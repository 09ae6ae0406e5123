using Camelid.Chain.Blocks;
using Camelid.Chain.Keys;
using Camelid.Chain.Mempool;
using Camelid.Contracts.Chain.V1;
using Camelid.Protocol.Keys;
using Camelid.Protocol.Transactions;

namespace Camelid.Chain.Wallet;

/// <summary>
/// What a person has paid, the same for gRPC and for the JSON routes: texts become values here, once.
/// </summary>
internal sealed class PaymentDesk(ChainState state, WalletPayments payments)
{
    /// <summary>Longest request id, in characters.</summary>
    public const int RequestIdMax = 64;

    private const string RequestIdCharacters =
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_.";

    /// <summary>Pays, or says what would be paid.</summary>
    public async Task<SendReply> SendAsync(SendRequest request, CancellationToken cancellationToken)
    {
        state.Keys.RequireWallet();
        PaymentOrder order = OrderOf(request);
        if (request.DryRun)
        {
            PaymentDraft draft = await payments.DraftAsync(order, cancellationToken);
            return ReplyOf(order, draft.Unsigned, draft.Plan.FeeGrains, draft.BytesMax);
        }

        SendRow row = await payments.SendAsync(order, cancellationToken);
        Transaction transaction = row.Transaction;
        SendReply reply = ReplyOf(order, transaction, row.FeeGrains, transaction.ByteCount);
        reply.Txid = row.Txid;
        return reply;
    }

    private PaymentOrder OrderOf(SendRequest request)
    {
        if (!request.DryRun && (request.RequestId.Length is 0 or > RequestIdMax
            || request.RequestId.AsSpan().ContainsAnyExcept(RequestIdCharacters)))
        {
            throw WalletRefusal.Bad(
                $"request_id: not 1 … {RequestIdMax} letters, digits, '-', '_' and '.': it makes sure that a request "
                + "that is repeated is paid once");
        }

        if (!Address.TryParse(request.Address, state.Network, out Address address))
        {
            throw WalletRefusal.Bad($"address: '{request.Address}' is no address of the network {state.Network.Name}");
        }

        FeeRate? rate = request.FeeRate switch
        {
            0 => null,
            > 0 => new FeeRate(request.FeeRate),
            _ => throw WalletRefusal.Bad($"fee_rate: {request.FeeRate} grains for each 1,000 bytes is below 0"),
        };
        return new PaymentOrder(request.RequestId, address, request.Grains, rate);
    }

    private static SendReply ReplyOf(PaymentOrder order, Transaction transaction, long fee, int bytes) => new()
    {
        RequestId = order.RequestId,
        Address = order.To.ToString(),
        Grains = order.Grains,
        FeeGrains = fee,
        ChangeGrains = transaction.Outputs.Sum(output => output.Value.Grains) - order.Grains,
        InputCount = transaction.Inputs.Count,
        BytesCount = bytes,
    };
}
