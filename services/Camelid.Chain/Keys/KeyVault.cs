using Camelid.Protocol;
using Camelid.Protocol.Keys;

namespace Camelid.Chain.Keys;

/// <summary>
/// Rule W-07: the private side of the wallet. Locked, it holds no secret, and everything that signs is refused with
/// <c>wallet-locked</c>; unlocked for a while, it forgets the secret when the time is over.
/// </summary>
internal sealed class KeyVault(Network network, ISecp256k1 curve, TimeProvider time)
{
    private readonly Lock gate = new();
    private readonly Dictionary<KeyRole, ExtendedKey> accounts = [];
    private readonly Dictionary<KeyRole, PrivateKey> fixedKeys = [];
    private KeySecret? secret;
    private DateTimeOffset until;

    /// <summary>True while nothing can be signed.</summary>
    public bool IsLocked
    {
        get
        {
            lock (gate)
            {
                Expire();
                return secret is null;
            }
        }
    }

    /// <summary>When it locks by itself; null while it is locked, or for good.</summary>
    public DateTimeOffset? Until
    {
        get
        {
            lock (gate)
            {
                Expire();
                return secret is null || until == DateTimeOffset.MaxValue ? null : until;
            }
        }
    }

    /// <summary>Keeps a secret, until a time.</summary>
    public void Unlock(KeySecret opened, DateTimeOffset end)
    {
        lock (gate)
        {
            Forget();
            secret = KeySecret.FromBytes(opened.ToBytes());
            until = end;
        }
    }

    /// <summary>Forgets the secret.</summary>
    public void Lock()
    {
        lock (gate)
        {
            Forget();
        }
    }

    /// <summary>Forgets the secret where its time is over. To be called now and then.</summary>
    public void Expire()
    {
        lock (gate)
        {
            if (secret is not null && time.GetUtcNow() >= until)
            {
                Forget();
            }
        }
    }

    /// <summary>The private key at a place.</summary>
    /// <exception cref="Grpc.Core.RpcException">FAILED_PRECONDITION, wallet-locked.</exception>
    public PrivateKey KeyAt(KeyPlace place)
    {
        lock (gate)
        {
            KeySecret open = Opened();
            if (place == KeyPlace.Fixed(place.Role) && fixedKeys.TryGetValue(place.Role, out PrivateKey? known))
            {
                return known;
            }

            if (!accounts.TryGetValue(place.Role, out ExtendedKey? account))
            {
                accounts.Add(place.Role, account = KeyRing.AccountOf(open, network, place.Role, curve));
            }

            PrivateKey key = account.Derive((uint)place.Chain, curve).Derive(place.Index, curve).Key;
            if (place == KeyPlace.Fixed(place.Role))
            {
                fixedKeys.Add(place.Role, key);
            }

            return key;
        }
    }

    /// <summary>A copy of the secret, for a backup or another passphrase.</summary>
    /// <exception cref="Grpc.Core.RpcException">FAILED_PRECONDITION, wallet-locked.</exception>
    public KeySecret CopySecret()
    {
        lock (gate)
        {
            return KeySecret.FromBytes(Opened().ToBytes())!;
        }
    }

    private KeySecret Opened()
    {
        Expire();
        return secret ?? throw WalletRefusal.Locked();
    }

    private void Forget()
    {
        secret?.Forget();
        secret = null;
        accounts.Clear();
        fixedKeys.Clear();
    }
}
