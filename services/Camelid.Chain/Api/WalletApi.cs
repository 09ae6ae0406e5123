using Camelid.Chain.Wallet;
using Camelid.Contracts.Chain.V1;
using Google.Protobuf;

namespace Camelid.Chain.Api;

/// <summary>
/// The wallet as JSON, below <c>/api/wallet</c>: the documents of wallet.proto. A secret is in a body, never in an
/// address: addresses are written into logs.
/// </summary>
internal static class WalletApi
{
    /// <summary>Maps the routes.</summary>
    public static void Map(IEndpointRouteBuilder app)
    {
        RouteGroupBuilder wallet = app.MapGroup("/api/wallet");
        wallet.MapGet("/status", (WalletDesk desk, CancellationToken cancellation) =>
            WalletJson.AnswerAsync(() => desk.StatusAsync(cancellation)));
        wallet.MapGet("/balance", (WalletDesk desk, CancellationToken cancellation) =>
            WalletJson.AnswerAsync(() => desk.BalanceAsync(cancellation)));
        wallet.MapGet("/history", (
            WalletDesk desk, string? cursor, int? limit, bool? watched, CancellationToken cancellation) =>
            WalletJson.AnswerAsync(() => desk.HistoryAsync(
                new ListHistoryRequest { Cursor = cursor ?? "", Limit = limit ?? 0, Watched = watched ?? false },
                cancellation)));
        wallet.MapGet("/labels", (LabelBook labels, CancellationToken cancellation) =>
            WalletJson.AnswerAsync(() => labels.ListAsync(cancellation)));
        wallet.MapGet("/watch", (WatchAddresses watched, CancellationToken cancellation) =>
            WalletJson.AnswerAsync(() => watched.ListAsync(cancellation)));
        Post<GetReceiveAddressRequest, ReceiveAddress, WalletDesk>(
            wallet, "/address", (desk, request, cancel) => desk.ReceiveAsync(request.Fresh, cancel));
        Post<SendRequest, SendReply, PaymentDesk>(
            wallet, "/send", (desk, request, cancel) => desk.SendAsync(request, cancel));
        Post<Label, LabelList, LabelBook>(
            wallet, "/labels", (labels, request, cancel) => labels.SetAsync(request, cancel));
        Post<WatchRequest, WatchList, WatchAddresses>(
            wallet, "/watch", (watched, request, cancel) => watched.AddAsync(request.Content, cancel));
        Post<WatchRequest, WatchList, WatchAddresses>(
            wallet, "/unwatch", (watched, request, cancel) => watched.RemoveAsync(request.Content, cancel));
        Post<SignMessageRequest, SignMessageReply, WalletMessages>(
            wallet, "/sign", (messages, request, cancel) => messages.SignAsync(request, cancel));
        Post<VerifyMessageRequest, VerifyMessageReply, WalletMessages>(
            wallet, "/verify", (messages, request, _) => Task.FromResult(messages.Verify(request)));
        MapKeys(wallet);
    }

    private static void MapKeys(RouteGroupBuilder wallet)
    {
        Post<CreateWalletRequest, CreateWalletReply, WalletDesk>(
            wallet, "/create", (desk, request, cancel) => desk.CreateAsync(request, cancel));
        Post<RestoreWalletRequest, WalletStatus, WalletDesk>(
            wallet, "/restore", (desk, request, cancel) => desk.RestoreAsync(request, cancel));
        Post<UnlockWalletRequest, WalletStatus, WalletDesk>(
            wallet, "/unlock", (desk, request, cancel) => desk.UnlockAsync(request, cancel));
        Post<LockWalletRequest, WalletStatus, WalletDesk>(wallet, "/lock", (desk, _, cancel) => desk.LockAsync(cancel));
        Post<ChangePassphraseRequest, WalletStatus, WalletDesk>(
            wallet, "/passphrase", (desk, request, cancel) => desk.ChangePassphraseAsync(request, cancel));
        Post<ShowWordsRequest, ShowWordsReply, WalletDesk>(
            wallet, "/words", (desk, request, cancel) => desk.WordsAsync(request, cancel));
        Post<BackUpWalletRequest, BackUpWalletReply, WalletDesk>(
            wallet, "/backup", (desk, request, cancel) => desk.BackUpAsync(request, cancel));
    }

    private static void Post<TRequest, TReply, TDesk>(
        RouteGroupBuilder wallet, string route, Func<TDesk, TRequest, CancellationToken, Task<TReply>> ask)
        where TRequest : IMessage<TRequest>, new()
        where TReply : IMessage
        where TDesk : notnull => wallet.MapPost(
            route,
            (TDesk desk, HttpContext context) => WalletJson.TakeAsync<TRequest, TReply>(
                context, request => ask(desk, request, context.RequestAborted)));
}
