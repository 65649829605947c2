using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using System.Xml.Linq;
using Microsoft.Build.Framework;

namespace ImplicitNet.Packaging;

/// <summary>
/// The build step that writes the two pages of a package: README.md, and THIRD-PARTY-NOTICES.txt, which says what it takes from
/// others, with names, versions and licences, and where it brings their files, the texts.
/// </summary>
/// <remarks>What is taken is read from the packages themselves, so that there is no list to keep.</remarks>
public sealed class PackagePages : Microsoft.Build.Utilities.Task
{
    private const string Line = "------------------------------------------------------------------------";

    /// <summary>The pages that README.md is made of, one after the other.</summary>
    [Required]
    public ITaskItem[] Readme { get; set; } = new ITaskItem[0];

    /// <summary>Files that are taken from packages, as ResolvePackageAssets finds them; without any there are no notices.</summary>
    public ITaskItem[] Files { get; set; } = new ITaskItem[0];

    /// <summary>Whether the package that is made holds those files; else it only depends on their packages.</summary>
    public bool AreContained { get; set; }

    /// <summary>A folder of licence texts, named by their SPDX identifiers, for packages that bring no text.</summary>
    [Required]
    public string Texts { get; set; } = "";

    /// <summary>The folder to write to.</summary>
    [Required]
    public string Destination { get; set; } = "";

    /// <inheritdoc/>
    public override bool Execute()
    {
        File.WriteAllText(Path.Combine(Destination, "README.md"), string.Concat(Readme.Select(page => File.ReadAllText(page.ItemSpec))));
        return Files.Length == 0 || WriteNotices();
    }

    private bool WriteNotices()
    {
        SortedDictionary<string, string> packages = new SortedDictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (ITaskItem file in Files)
        {
            // A file that the build changed is not in its package; the package's other files tell where that is.
            string path = file.GetMetadata("FullPath").Replace('\\', '/');
            string inPackage = "/" + file.GetMetadata("PathInPackage");
            if (path.EndsWith(inPackage, StringComparison.Ordinal))
            {
                packages[file.GetMetadata("NuGetPackageId")] = path.Substring(0, path.Length - inPackage.Length);
            }
        }

        StringBuilder notices = new StringBuilder(AreContained
            ? "ImplicitNet is under the licence in LICENSE. This package contains files of the packages below, under their own "
                + "licences.\n"
            : "ImplicitNet is under the licence in LICENSE. This package contains no files of others; it depends on the packages below, "
                + "and on theirs.\n");
        HashSet<string> written = new HashSet<string>();
        foreach (KeyValuePair<string, string> package in packages)
        {
            XElement nuspec = XElement.Load(Directory.GetFiles(package.Value, "*.nuspec").Single());
            XElement about = nuspec.Elements().Single(element => element.Name.LocalName == "metadata");
            string licence = Text(about, "license");
            notices.Append($"\n{Line}\n{Text(about, "id")} {Text(about, "version")}\n{Text(about, "copyright")}\n");
            notices.Append($"Licence: {licence}\n{Text(about, "projectUrl")}\n");
            if (AreContained && !Append(notices, package.Key, package.Value, licence, written))
            {
                return false;
            }
        }

        File.WriteAllText(Path.Combine(Destination, "THIRD-PARTY-NOTICES.txt"), notices.ToString());
        return true;
    }

    private bool Append(StringBuilder notices, string id, string folder, string licence, HashSet<string> written)
    {
        string[] texts = Directory.GetFiles(folder, "*", SearchOption.AllDirectories).Where(IsNotice).ToArray();
        Array.Sort(texts, StringComparer.Ordinal);
        if (texts.Length == 0)
        {
            texts = new[] { Path.Combine(Texts, licence + ".txt") };
            if (!File.Exists(texts[0]))
            {
                Log.LogError("The package {0} brings no text of its licence, {1}, and there is none in {2}: add it.", id, licence, Texts);
                return false;
            }
        }

        foreach (string text in texts.Select(File.ReadAllText))
        {
            notices.Append('\n').Append(written.Add(text) ? text.Replace("\r\n", "\n").Trim() : "(the same text as above)").Append('\n');
        }

        return true;
    }

    private static bool IsNotice(string path)
    {
        string name = Path.GetFileNameWithoutExtension(path).ToUpperInvariant();
        return new[] { "LICENSE", "NOTICE", "THIRD-PARTY" }.Any(word => name.StartsWith(word, StringComparison.Ordinal));
    }

    private static string Text(XElement about, string name) =>
        about.Elements().FirstOrDefault(element => element.Name.LocalName == name)?.Value ?? "";
}
