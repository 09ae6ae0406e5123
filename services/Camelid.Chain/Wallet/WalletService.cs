using Camelid.Contracts.Chain.V1;
using Grpc.Core;

namespace Camelid.Chain.Wallet;

/// <summary>The gRPC door of the wallet.</summary>
internal sealed class WalletService(Balances balances, WalletDesk desk, PaymentDesk payments) : WalletRpc.WalletRpcBase
{
    /// <inheritdoc/>
    public override Task<BalancesReply> GetBalances(GetBalancesRequest request, ServerCallContext context) =>
        balances.CountAsync(context.CancellationToken);

    /// <inheritdoc/>
    public override Task<CreateWalletReply> CreateWallet(CreateWalletRequest request, ServerCallContext context) =>
        desk.CreateAsync(request, context.CancellationToken);

    /// <inheritdoc/>
    public override Task<WalletStatus> RestoreWallet(RestoreWalletRequest request, ServerCallContext context) =>
        desk.RestoreAsync(request, context.CancellationToken);

    /// <inheritdoc/>
    public override Task<WalletStatus> GetWalletStatus(GetWalletStatusRequest request, ServerCallContext context) =>
        desk.StatusAsync(context.CancellationToken);

    /// <inheritdoc/>
    public override Task<WalletBalance> GetBalance(GetBalanceRequest request, ServerCallContext context) =>
        desk.BalanceAsync(context.CancellationToken);

    /// <inheritdoc/>
    public override Task<ReceiveAddress> GetReceiveAddress(
        GetReceiveAddressRequest request, ServerCallContext context) =>
        desk.ReceiveAsync(request.Fresh, context.CancellationToken);

    /// <inheritdoc/>
    public override Task<WalletHistory> ListHistory(ListHistoryRequest request, ServerCallContext context) =>
        desk.HistoryAsync(request, context.CancellationToken);

    /// <inheritdoc/>
    public override Task<SendReply> Send(SendRequest request, ServerCallContext context) =>
        payments.SendAsync(request, context.CancellationToken);
}
