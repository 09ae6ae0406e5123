using Camelid.Chain.Blocks;
using Camelid.Chain.Keys;
using Camelid.Protocol;
using Camelid.Protocol.Keys;

namespace Camelid.Chain.Wallet;

/// <summary>What it costs to try a passphrase of a key file.</summary>
internal sealed record SealCost(ScryptCost Value);

/// <summary>
/// Rule W-10: makes the wallet's keys, from chance or from words, where the node has none, while it runs. The key file
/// is on the disk before the keys are in use, and none is ever written over.
/// </summary>
internal sealed class KeyCustody(SeedFile file, ChainState state, SealCost cost, TimeProvider time) : IDisposable
{
    /// <summary>Shortest passphrase, in characters.</summary>
    public const int PassphraseMin = 8;

    /// <summary>Longest passphrase, in characters.</summary>
    public const int PassphraseMax = 1_024;

    /// <summary>Longest time for which the wallet is unlocked, in seconds: a week.</summary>
    public const int UnlockSecondsMax = 604_800;

    private readonly SemaphoreSlim one = new(1, 1);

    /// <summary>True where the key file is sealed by a passphrase.</summary>
    public bool IsSealed => state.Keys.Exists && file.IsSealed;

    /// <summary>Makes keys of chance.</summary>
    /// <param name="passphrase">Seals them; empty leaves them open, on regtest only.</param>
    /// <param name="cancellationToken">Ends the wait for another call.</param>
    /// <returns>The words. They are a secret.</returns>
    /// <exception cref="Grpc.Core.RpcException">There is a wallet, or the passphrase is not in form.</exception>
    public async Task<IReadOnlyList<string>> CreateAsync(string passphrase, CancellationToken cancellationToken)
    {
        KeySecret secret = KeySecret.Create();
        await KeepAsync(secret, passphrase, cancellationToken);
        IReadOnlyList<string> words = secret.Words()!;
        secret.Forget();
        return words;
    }

    /// <summary>Makes the keys of words.</summary>
    /// <param name="words">12 to 24 words.</param>
    /// <param name="wordsPassphrase">BIP39's further secret, or empty.</param>
    /// <param name="passphrase">Seals the keys; empty leaves them open, on regtest only.</param>
    /// <param name="cancellationToken">Ends the wait for another call.</param>
    /// <exception cref="Grpc.Core.RpcException">There is a wallet, or something is not in form.</exception>
    public async Task RestoreAsync(
        string words, string wordsPassphrase, string passphrase, CancellationToken cancellationToken)
    {
        if (!Mnemonic.TryParse(words, out Mnemonic? mnemonic, out MnemonicRefusal? refusal))
        {
            throw WalletRefusal.Bad($"words: {refusal}");
        }

        KeySecret secret = KeySecret.Of(mnemonic, wordsPassphrase);
        await KeepAsync(secret, passphrase, cancellationToken);
        secret.Forget();
    }

    /// <summary>Rule W-15: lets the wallet sign for some seconds.</summary>
    /// <exception cref="Grpc.Core.RpcException">wrong-passphrase, not-sealed, or a number is out of range.</exception>
    public Task UnlockAsync(string passphrase, int seconds, CancellationToken cancellationToken) =>
        seconds is >= 1 and <= UnlockSecondsMax
            ? OpenAsync(
                passphrase,
                secret =>
                {
                    CheckSealed();
                    state.Keys.Vault.Unlock(secret, time.GetUtcNow().AddSeconds(seconds));
                    return true;
                },
                cancellationToken)
            : throw WalletRefusal.Bad($"seconds: {seconds}, not 1 … {UnlockSecondsMax}");

    /// <summary>Forgets the secret. Safe to repeat.</summary>
    /// <exception cref="Grpc.Core.RpcException">not-sealed: nothing is hidden.</exception>
    public void Lock()
    {
        state.Keys.RequireWallet();
        CheckSealed();
        state.Keys.Vault.Lock();
    }

    /// <summary>Seals the key file anew; whether the wallet is locked stays as it is.</summary>
    /// <exception cref="Grpc.Core.RpcException">wrong-passphrase, or the new one is not in form.</exception>
    public Task ChangePassphraseAsync(string passphrase, string next, CancellationToken cancellationToken)
    {
        CheckPassphrase(next);
        return OpenAsync(
            passphrase,
            secret =>
            {
                file.Write(secret, next.Length == 0 ? null : next, cost.Value, replace: true);
                return true;
            },
            cancellationToken);
    }

    /// <summary>The words. They are a secret.</summary>
    /// <exception cref="Grpc.Core.RpcException">wrong-passphrase, no-words.</exception>
    public Task<IReadOnlyList<string>> WordsAsync(string passphrase, CancellationToken cancellationToken) => OpenAsync(
        passphrase,
        secret => secret.Words() ?? throw WalletRefusal.Refused(
            "no-words",
            "the words of this wallet are not known: its seed was no mnemonic, or was restored with a passphrase to "
            + "its words. Keep its key file instead (wallet backup)"),
        cancellationToken);

    /// <summary>The content of the sealed key file, which this passphrase opens.</summary>
    /// <exception cref="Grpc.Core.RpcException">wrong-passphrase, not-sealed.</exception>
    public Task<string> BackUpAsync(string passphrase, CancellationToken cancellationToken) => OpenAsync(
        passphrase,
        _ =>
        {
            CheckSealed();
            return file.ReadText();
        },
        cancellationToken);

    /// <inheritdoc/>
    public void Dispose() => one.Dispose();

    /// <summary>Opens the secret for a moment. One call at a time: guesses can't run beside each other.</summary>
    private async Task<T> OpenAsync<T>(
        string passphrase, Func<KeySecret, T> use, CancellationToken cancellationToken)
    {
        state.Keys.RequireWallet();
        if (passphrase.Length > PassphraseMax)
        {
            throw WalletRefusal.WrongPassphrase();
        }

        await one.WaitAsync(cancellationToken);
        try
        {
            KeySecret secret = file.Open(passphrase) ?? throw WalletRefusal.WrongPassphrase();
            try
            {
                return use(secret);
            }
            finally
            {
                secret.Forget();
            }
        }
        finally
        {
            one.Release();
        }
    }

    private void CheckSealed()
    {
        if (!file.IsSealed)
        {
            throw WalletRefusal.Refused(
                "not-sealed",
                $"{file.FilePath}: no passphrase is set, so that the keys lie open. Set one first (wallet passphrase)");
        }
    }

    private async Task KeepAsync(KeySecret secret, string passphrase, CancellationToken cancellationToken)
    {
        CheckPassphrase(passphrase);
        await one.WaitAsync(cancellationToken);
        try
        {
            if (state.Keys.Exists || file.Exists)
            {
                throw WalletRefusal.Exists(file.FilePath);
            }

            file.Write(secret, passphrase.Length == 0 ? null : passphrase, cost.Value, replace: false);
            state.AdoptKeys(file.ReadRing());
            if (passphrase.Length == 0)
            {
                state.Keys.Vault.Unlock(secret, DateTimeOffset.MaxValue);
            }
        }
        finally
        {
            one.Release();
        }
    }

    private void CheckPassphrase(string passphrase)
    {
        if (passphrase.Length == 0 && state.Network != Network.Regtest)
        {
            throw WalletRefusal.Bad(
                "passphrase: it is empty, and only on regtest may a wallet lie open on the disk. Give one of at least "
                + $"{PassphraseMin} characters");
        }

        if (passphrase.Length is not 0 and (< PassphraseMin or > PassphraseMax))
        {
            throw WalletRefusal.Bad(
                $"passphrase: {passphrase.Length} characters, not {PassphraseMin} … {PassphraseMax}");
        }
    }
}
