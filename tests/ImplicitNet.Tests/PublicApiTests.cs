using System.Reflection;
using System.Runtime.CompilerServices;
using ImplicitNet.Models;
using ImplicitNet.Solvers;
using ImplicitNet.Training;

namespace ImplicitNet.Tests;

/// <summary>
/// The public surface of each library as text, held against the file beside this test, so that a change of it is seen
/// in review. To accept a change, run the test with IMPLICITNET_ACCEPT_API=1 and commit the file.
/// </summary>
public sealed class PublicApiTests
{
    public static TheoryData<string> Libraries => ["ImplicitNet", "ImplicitNet.Training", "ImplicitNet.Models"];

    [Theory]
    [MemberData(nameof(Libraries))]
    public void The_public_api_is_the_one_reviewed(string library)
    {
        Assembly assembly = library switch
        {
            "ImplicitNet" => typeof(FixedPoint).Assembly,
            "ImplicitNet.Training" => typeof(Trainer).Assembly,
            _ => typeof(ModelFolder).Assembly,
        };
        string path = Path.Combine(SharedData.RepositoryRoot, "tests", "ImplicitNet.Tests", "Api", library + ".txt");
        string actual = string.Join('\n', assembly.GetExportedTypes().OrderBy(type => type.FullName, StringComparer.Ordinal).SelectMany(Describe)) + "\n";
        if (Environment.GetEnvironmentVariable("IMPLICITNET_ACCEPT_API") == "1")
        {
            File.WriteAllText(path, actual);
        }

        string[] expected = File.Exists(path) ? File.ReadAllLines(path) : [];
        string[] lines = actual.TrimEnd('\n').Split('\n');
        Assert.True(
            expected.SequenceEqual(lines),
            $"Gone: {string.Join("; ", expected.Except(lines))}\nNew: {string.Join("; ", lines.Except(expected))}");
    }

    private static IEnumerable<string> Describe(Type type)
    {
        yield return type.FullName!;
        const BindingFlags declared = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;
        IEnumerable<string> members = type.GetMembers(declared)
            .Where(IsVisible)
            .Where(member => member is not MethodInfo { IsSpecialName: true })
            .Where(member => !member.IsDefined(typeof(CompilerGeneratedAttribute)))
            .Select(member => $"  {member}")
            .Order(StringComparer.Ordinal);
        foreach (string member in members)
        {
            yield return member;
        }
    }

    private static bool IsVisible(MemberInfo member) => member switch
    {
        MethodBase method => method.IsPublic || method.IsFamily,
        FieldInfo field => field.IsPublic,
        PropertyInfo property => property.GetAccessors().Length > 0,
        _ => true,
    };
}
