using System.Diagnostics;
using System.Security.Cryptography;
using Camelid.Protocol.Keys;

namespace Camelid.JobPool.Submission;

/// <summary>Draws private keys that serve once.</summary>
internal static class RandomKey
{
    private const int AttemptsMax = 8;

    /// <summary>A fresh one.</summary>
    public static PrivateKey Draw(ISecp256k1 curve)
    {
        // A random number is outside 1 … n − 1 once in 2^128: the bound is there to be a bound.
        for (int attempt = 0; attempt < AttemptsMax; attempt++)
        {
            if (PrivateKey.FromBytes(RandomNumberGenerator.GetBytes(PrivateKey.Bytes), curve) is { } key)
            {
                return key;
            }
        }

        throw new UnreachableException("eight random numbers were no private key");
    }
}
