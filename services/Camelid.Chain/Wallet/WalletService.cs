using Camelid.Contracts.Chain.V1;
using Grpc.Core;

namespace Camelid.Chain.Wallet;

/// <summary>The gRPC door of the wallet.</summary>
internal sealed class WalletService(
    Balances balances, WalletDesk desk, PaymentDesk payments, LabelBook labels, WalletMessages messages,
    WatchAddresses watched) : WalletRpc.WalletRpcBase
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

    /// <inheritdoc/>
    public override Task<WalletStatus> UnlockWallet(UnlockWalletRequest request, ServerCallContext context) =>
        desk.UnlockAsync(request, context.CancellationToken);

    /// <inheritdoc/>
    public override Task<WalletStatus> LockWallet(LockWalletRequest request, ServerCallContext context) =>
        desk.LockAsync(context.CancellationToken);

    /// <inheritdoc/>
    public override Task<WalletStatus> ChangePassphrase(ChangePassphraseRequest request, ServerCallContext context) =>
        desk.ChangePassphraseAsync(request, context.CancellationToken);

    /// <inheritdoc/>
    public override Task<ShowWordsReply> ShowWords(ShowWordsRequest request, ServerCallContext context) =>
        desk.WordsAsync(request, context.CancellationToken);

    /// <inheritdoc/>
    public override Task<BackUpWalletReply> BackUpWallet(BackUpWalletRequest request, ServerCallContext context) =>
        desk.BackUpAsync(request, context.CancellationToken);

    /// <inheritdoc/>
    public override Task<LabelList> SetLabel(Label request, ServerCallContext context) =>
        labels.SetAsync(request, context.CancellationToken);

    /// <inheritdoc/>
    public override Task<LabelList> ListLabels(ListLabelsRequest request, ServerCallContext context) =>
        labels.ListAsync(context.CancellationToken);

    /// <inheritdoc/>
    public override Task<SignMessageReply> SignMessage(SignMessageRequest request, ServerCallContext context) =>
        messages.SignAsync(request, context.CancellationToken);

    /// <inheritdoc/>
    public override Task<VerifyMessageReply> VerifyMessage(VerifyMessageRequest request, ServerCallContext context) =>
        Task.FromResult(messages.Verify(request));

    /// <inheritdoc/>
    public override Task<WatchList> Watch(WatchRequest request, ServerCallContext context) =>
        watched.AddAsync(request.Content, context.CancellationToken);

    /// <inheritdoc/>
    public override Task<WatchList> Unwatch(WatchRequest request, ServerCallContext context) =>
        watched.RemoveAsync(request.Content, context.CancellationToken);

    /// <inheritdoc/>
    public override Task<WatchList> ListWatched(ListWatchedRequest request, ServerCallContext context) =>
        watched.ListAsync(context.CancellationToken);
}
