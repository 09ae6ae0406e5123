using System.Xml.Linq;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.AspNetCore.DataProtection.Repositories;
using Microsoft.AspNetCore.DataProtection.XmlEncryption;
using Microsoft.Extensions.DependencyInjection;

namespace Camelid.ServiceDefaults.Hosting;

/// <summary>
/// Keeps ASP.NET Core's data protection keys in memory. The dashboard's renderer and the gateway's proxy register data
/// protection, but nothing of Camelid is protected by it: by default it would leave key files in the user's home.
/// </summary>
internal static class EphemeralKeys
{
    public static IServiceCollection AddEphemeralKeys(this IServiceCollection services) =>
        services.Configure<KeyManagementOptions>(options =>
        {
            options.XmlRepository = new MemoryRepository();

            // What never leaves the process needs no encryption; without an encryptor each start warns of its absence.
            options.XmlEncryptor = new NullXmlEncryptor();
        });

    private sealed class MemoryRepository : IXmlRepository
    {
        private readonly List<XElement> elements = [];
        private readonly Lock gate = new();

        public IReadOnlyCollection<XElement> GetAllElements()
        {
            lock (gate)
            {
                return [.. elements.Select(element => new XElement(element))];
            }
        }

        public void StoreElement(XElement element, string friendlyName)
        {
            lock (gate)
            {
                elements.Add(new XElement(element));
            }
        }
    }
}
