using System.Reflection;
using System.Runtime.InteropServices;

namespace Camelid.Secp256k1;

/// <summary>libsecp256k1's functions. Keys and signatures are its opaque 64-byte forms.</summary>
internal static unsafe partial class NativeMethods
{
    public const uint ContextSignVerify = 0x0301;
    public const uint Compressed = 0x0102;
    public const int OpaqueBytes = 64;

    private const string Library = "secp256k1";
    private static readonly string[] Names =
        ["libsecp256k1.so.2", "libsecp256k1.so.1", "libsecp256k1.so.0", "libsecp256k1"];

    static NativeMethods() =>
        NativeLibrary.SetDllImportResolver(typeof(NativeMethods).Assembly, Resolve);

    /// <summary>True where this machine has the library.</summary>
    public static bool IsInstalled() => Resolve(Library, typeof(NativeMethods).Assembly, null) != 0;

    [LibraryImport(Library, EntryPoint = "secp256k1_context_create")]
    public static partial nint ContextCreate(uint flags);

    [LibraryImport(Library, EntryPoint = "secp256k1_context_randomize")]
    public static partial int ContextRandomize(nint context, byte* seed32);

    [LibraryImport(Library, EntryPoint = "secp256k1_ec_seckey_verify")]
    public static partial int SecretKeyVerify(nint context, byte* key32);

    [LibraryImport(Library, EntryPoint = "secp256k1_ec_pubkey_create")]
    public static partial int PublicKeyCreate(nint context, byte* publicKey, byte* key32);

    [LibraryImport(Library, EntryPoint = "secp256k1_ec_pubkey_parse")]
    public static partial int PublicKeyParse(nint context, byte* publicKey, byte* input, nuint inputBytes);

    [LibraryImport(Library, EntryPoint = "secp256k1_ec_pubkey_serialize")]
    public static partial int PublicKeySerialize(
        nint context, byte* output, nuint* outputBytes, byte* publicKey, uint flags);

    [LibraryImport(Library, EntryPoint = "secp256k1_ec_pubkey_tweak_mul")]
    public static partial int PublicKeyTweakMultiply(nint context, byte* publicKey, byte* tweak32);

    [LibraryImport(Library, EntryPoint = "secp256k1_ec_pubkey_tweak_add")]
    public static partial int PublicKeyTweakAdd(nint context, byte* publicKey, byte* tweak32);

    [LibraryImport(Library, EntryPoint = "secp256k1_ec_seckey_tweak_add")]
    public static partial int SecretKeyTweakAdd(nint context, byte* key32, byte* tweak32);

    [LibraryImport(Library, EntryPoint = "secp256k1_ecdsa_sign")]
    public static partial int Sign(
        nint context, byte* signature, byte* digest32, byte* key32, nint nonceFunction, nint nonceData);

    [LibraryImport(Library, EntryPoint = "secp256k1_ecdsa_verify")]
    public static partial int Verify(nint context, byte* signature, byte* digest32, byte* publicKey);

    [LibraryImport(Library, EntryPoint = "secp256k1_ecdsa_signature_parse_compact")]
    public static partial int SignatureParseCompact(nint context, byte* signature, byte* input64);

    [LibraryImport(Library, EntryPoint = "secp256k1_ecdsa_signature_serialize_compact")]
    public static partial int SignatureSerializeCompact(nint context, byte* output64, byte* signature);

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? path)
    {
        if (name != Library)
        {
            return 0;
        }

        foreach (string candidate in Names)
        {
            if (NativeLibrary.TryLoad(candidate, assembly, path, out nint handle))
            {
                return handle;
            }
        }

        return 0;
    }
}
