using Camelid.Chain.Keys;
using Camelid.Contracts.Chain.V1;
using Camelid.Protocol;
using Camelid.Protocol.Keys;
using Camelid.Secp256k1;
using Camelid.ServiceDefaults.Rpc;
using Grpc.Core;

namespace Camelid.Chain.Tests.Keys;

/// <summary>Rule W-07: what a locked wallet does, and what it does not.</summary>
public sealed class KeyVaultTests : IDisposable
{
    private static readonly ScryptCost Cheap = new(4, 1, 1);
    private static readonly ISecp256k1 Curve = Secp256k1Provider.Create();

    private readonly string folder = Directory.CreateTempSubdirectory("camelid-vault").FullName;
    private readonly ManualTime time = new(DateTimeOffset.FromUnixTimeSeconds(1_800_000_000));

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void A_vault_signs_until_its_time_is_over_and_not_a_second_longer()
    {
        KeyVault vault = new(Network.Regtest, Curve, time);
        Assert.Equal("wallet-locked", ReasonOf(() => vault.KeyAt(KeyPlace.Fixed(KeyRole.Client))));
        KeySecret secret = KeySecret.Create();
        vault.Unlock(secret, time.Now.AddSeconds(60));
        time.Advance(59.9);
        PrivateKey key = vault.KeyAt(KeyPlace.Fixed(KeyRole.Client));
        Assert.Equal(RoleKeys.Derive(secret.Seed, Network.Regtest, KeyRole.Client, Curve).Span, key.Span);
        time.Advance(0.1);
        Assert.True(vault.IsLocked);
        Assert.Equal("wallet-locked", ReasonOf(() => vault.KeyAt(KeyPlace.Fixed(KeyRole.Client))));
    }

    [Fact]
    public async Task A_locked_node_takes_blocks_signs_nothing_and_goes_on_when_it_is_unlocked()
    {
        string passphrase = Path.Combine(folder, "passphrase");
        await using (await ChainHost.StartAsync(folder, time, "Chain:DepositCount=2"))
        {
        }

        SeedFile file = new(Path.Combine(folder, "keys"), Network.Regtest, Curve);
        file.Write(file.Open(null)!, "secret", Cheap, replace: true);
        await using (ChainHost locked = await ChainHost.StartAsync(folder, time, "Chain:DepositCount=2"))
        {
            int height = locked.Tip.Height;
            await locked.Chain.Mine(new MineRequest { Count = 2 }, new CallContext());
            Assert.Equal(height + 2, locked.Tip.Height);
            Assert.Equal("the wallet is locked", locked.Reader.Status().NotReadyReason);
            TestJob job = await TestJob.MakeAsync(locked, time, 1);
            RpcException refusal = await Assert.ThrowsAsync<RpcException>(job.OfferAsync);
            Assert.Equal((StatusCode.FailedPrecondition, "wallet-locked"),
                (refusal.StatusCode, RpcReason.Of(refusal)));
            Assert.Equal(0, await locked.Database.ReadAsync(
                session => session.QueryFirstOrDefaultAsync<long>("select count(*) from deposits"), Cancellation));
        }

        await File.WriteAllTextAsync(passphrase, "secret\n", Cancellation);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(
                passphrase, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);
            await Assert.ThrowsAsync<InvalidDataException>(() => OpenAsync(passphrase));
            File.SetUnixFileMode(passphrase, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }

        await using ChainHost open = await OpenAsync(passphrase);
        TestJob same = await TestJob.MakeAsync(open, time, 1);
        await same.OfferAsync();
        Assert.True(open.Reader.Status().Ready);
    }

    [Fact]
    public async Task A_node_without_a_wallet_validates_and_says_that_it_has_none()
    {
        await using ChainHost chain = await ChainHost.StartAsync(folder, time, "Chain:CreateWallet=false");
        Assert.Equal(0, chain.Tip.Height);
        Assert.Equal("this node has no wallet", chain.Reader.Status().NotReadyReason);
        RpcException refusal = await Assert.ThrowsAsync<RpcException>(
            () => chain.Signer.GetOperator(new GetOperatorRequest(), new CallContext()));
        Assert.Equal("no-wallet", RpcReason.Of(refusal));
        Assert.False(Directory.Exists(Path.Combine(folder, "keys")));
    }

    private Task<ChainHost> OpenAsync(string passphrase) =>
        ChainHost.StartAsync(folder, time, "Chain:DepositCount=2", $"Chain:PassphraseFile={passphrase}");

    private static string ReasonOf(Action act) => RpcReason.Of(Assert.Throws<RpcException>(act));
}
