using Camelid.Contracts.Chain.V1;
using Camelid.ServiceDefaults.Rpc;
using Grpc.Core;

namespace Camelid.Chain.Tests.Wallet;

/// <summary>Rule W-15: what opens the keys, for how long, and what comes out.</summary>
public sealed class CustodyTests : IAsyncLifetime
{
    private const string Passphrase = "correct horse";

    private readonly string folder = Directory.CreateTempSubdirectory("camelid-custody").FullName;
    private readonly ManualTime time = new(DateTimeOffset.FromUnixTimeSeconds(1_800_000_000));
    private ChainHost chain = null!;
    private CreateWalletReply made = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string KeyFile => Path.Combine(folder, "keys", "seed");

    public async ValueTask InitializeAsync()
    {
        chain = await ChainHost.OpenAsync(folder, time, "Chain:CreateWallet=false");
        made = await chain.Wallet.CreateWallet(new CreateWalletRequest { Passphrase = Passphrase }, new CallContext());
    }

    public async ValueTask DisposeAsync()
    {
        await chain.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    [Trait("Rule", "W-15")]
    public async Task An_unlocked_wallet_locks_by_itself_when_its_time_is_over()
    {
        Assert.Equal("wrong-passphrase", await ReasonAsync(UnlockAsync("another horse", 60)));
        Assert.True((await StatusAsync()).Locked);
        WalletStatus open = await UnlockAsync(Passphrase, 60);
        Assert.Equal((false, time.Now.ToUnixTimeSeconds() + 60), (open.Locked, open.LocksAtUnix));
        time.Advance(59);
        await SignAsync();
        time.Advance(1);
        Assert.Equal("wallet-locked", await ReasonAsync(SignAsync()));
        await UnlockAsync(Passphrase, 60);
        Assert.True((await chain.Wallet.LockWallet(new LockWalletRequest(), new CallContext())).Locked);
        Assert.Equal("wallet-locked", await ReasonAsync(SignAsync()));
    }

    [Theory]
    [Trait("Rule", "W-15")]
    [InlineData(0, false)]
    [InlineData(1, true)]
    [InlineData(604_800, true)]
    [InlineData(604_801, false)]
    public async Task A_wallet_is_unlocked_for_a_second_to_a_week(int seconds, bool isGood)
    {
        if (isGood)
        {
            Assert.False((await UnlockAsync(Passphrase, seconds)).Locked);
            return;
        }

        RpcException refusal = await Assert.ThrowsAsync<RpcException>(() => UnlockAsync(Passphrase, seconds));
        Assert.Equal(StatusCode.InvalidArgument, refusal.StatusCode);
    }

    [Fact]
    [Trait("Rule", "W-15")]
    public async Task A_new_passphrase_takes_the_place_of_the_old_one()
    {
        Assert.Equal("wrong-passphrase", await ReasonAsync(ChangeAsync("another horse", "a new passphrase")));
        Assert.True((await ChangeAsync(Passphrase, "a new passphrase")) is { Sealed: true, Locked: true });
        Assert.Equal("wrong-passphrase", await ReasonAsync(UnlockAsync(Passphrase, 60)));
        Assert.False((await UnlockAsync("a new passphrase", 60)).Locked);
        Assert.Equal(made.Words, await WordsAsync("a new passphrase"));
        Assert.False((await ChangeAsync("a new passphrase", "")).Sealed);
        Assert.Equal("not-sealed", await ReasonAsync(BackUpAsync("")));
        Assert.True((await ChangeAsync("", Passphrase)).Sealed);
        Assert.Equal(made.Words, await WordsAsync(Passphrase));
    }

    [Fact]
    [Trait("Rule", "W-15")]
    public async Task Words_are_shown_again_for_the_passphrase_alone()
    {
        await UnlockAsync(Passphrase, 60);
        Assert.Equal("wrong-passphrase", await ReasonAsync(WordsAsync("")));
        Assert.Equal(made.Words, await WordsAsync(Passphrase));
    }

    [Fact]
    [Trait("Rule", "W-15")]
    public async Task A_backup_is_the_same_wallet_on_another_node()
    {
        Assert.Equal("wrong-passphrase", await ReasonAsync(BackUpAsync("another horse")));
        string backup = (await BackUpAsync(Passphrase)).KeyFile;
        string other = Path.Combine(folder, "other");
        Directory.CreateDirectory(Path.Combine(other, "keys"));
        await File.WriteAllTextAsync(Path.Combine(other, "keys", "seed"), backup, Cancellation);
        await using ChainHost second = await ChainHost.OpenAsync(other, time);
        Assert.Equal(
            await StatusAsync(), await second.Wallet.GetWalletStatus(new GetWalletStatusRequest(), new CallContext()));
        await second.Wallet.UnlockWallet(
            new UnlockWalletRequest { Passphrase = Passphrase, Seconds = 1 }, new CallContext());
    }

    /// <summary>A key file that is damaged while the node runs says so, and is no wrong passphrase.</summary>
    [Fact]
    [Trait("Rule", "W-15")]
    public async Task A_damaged_key_file_is_told_from_a_wrong_passphrase()
    {
        string text = await File.ReadAllTextAsync(KeyFile, Cancellation);
        int at = text.IndexOf("secret ", StringComparison.Ordinal) + 7;
        await File.WriteAllTextAsync(
            KeyFile, text[..at] + (text[at] == '0' ? '1' : '0') + text[(at + 1)..], Cancellation);
        InvalidDataException damage = await Assert.ThrowsAsync<InvalidDataException>(() => UnlockAsync(Passphrase, 60));
        Assert.Contains("damaged", damage.Message, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Rule", "W-14")]
    public async Task A_message_is_signed_by_the_key_of_an_address_of_ours_alone()
    {
        ReceiveAddress own = await chain.Wallet.GetReceiveAddress(new GetReceiveAddressRequest(), new CallContext());
        await UnlockAsync(Passphrase, 60);
        SignMessageReply signed = await SignAsync();
        VerifyMessageRequest question = new()
        {
            Address = own.Address, Message = "I was here", Signature = signed.Signature,
        };
        Assert.True((await chain.Wallet.VerifyMessage(question, new CallContext())).Valid);
        question.Message = "I was there";
        Assert.False((await chain.Wallet.VerifyMessage(question, new CallContext())).Valid);
        Assert.Equal("not-ours", await ReasonAsync(chain.Wallet.SignMessage(
            new SignMessageRequest { Address = PaymentTests.StrangerAddress, Message = "x" }, new CallContext())));
    }

    [Fact]
    public async Task Labels_are_kept_shown_and_taken_back()
    {
        string address = (await chain.Wallet.GetReceiveAddress(new(), new CallContext())).Address;
        LabelList list = await LabelAsync(address, "rent");
        Assert.Equal(("rent", address), (Assert.Single(list.Labels).Text, list.Labels[0].Subject));
        await LabelAsync(new string('a', 64), "a transaction");
        Assert.Equal(2, (await chain.Wallet.ListLabels(new ListLabelsRequest(), new CallContext())).Labels.Count);
        Assert.Equal("rent 2", (await LabelAsync(address, "rent 2")).Labels.Single(label => label.Subject == address)
            .Text);
        Assert.Single((await LabelAsync(address, "")).Labels);
        foreach ((string subject, string text) in new[]
        {
            ("nonsense", "x"), (address, new string('x', 101)), (address, "two\nlines"),
        })
        {
            RpcException refusal = await Assert.ThrowsAsync<RpcException>(() => LabelAsync(subject, text));
            Assert.Equal(StatusCode.InvalidArgument, refusal.StatusCode);
        }
    }

    private Task<LabelList> LabelAsync(string subject, string text) =>
        chain.Wallet.SetLabel(new Label { Subject = subject, Text = text }, new CallContext());

    private async Task<SignMessageReply> SignAsync() => await chain.Wallet.SignMessage(
        new SignMessageRequest
        {
            Address = (await chain.Wallet.GetReceiveAddress(new(), new CallContext())).Address,
            Message = "I was here",
        },
        new CallContext());

    private Task<WalletStatus> StatusAsync() =>
        chain.Wallet.GetWalletStatus(new GetWalletStatusRequest(), new CallContext());

    private Task<WalletStatus> UnlockAsync(string passphrase, int seconds) => chain.Wallet.UnlockWallet(
        new UnlockWalletRequest { Passphrase = passphrase, Seconds = seconds }, new CallContext());

    private Task<WalletStatus> ChangeAsync(string passphrase, string next) => chain.Wallet.ChangePassphrase(
        new ChangePassphraseRequest { Passphrase = passphrase, NewPassphrase = next }, new CallContext());

    private async Task<IEnumerable<string>> WordsAsync(string passphrase) => (await chain.Wallet.ShowWords(
        new ShowWordsRequest { Passphrase = passphrase }, new CallContext())).Words;

    private Task<BackUpWalletReply> BackUpAsync(string passphrase) => chain.Wallet.BackUpWallet(
        new BackUpWalletRequest { Passphrase = passphrase }, new CallContext());

    private static async Task<string> ReasonAsync(Task call) =>
        RpcReason.Of(await Assert.ThrowsAsync<RpcException>(() => call));
}
