using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace ImplicitNet.Tests;

/// <summary>
/// What dotnet format finds and no build reports, in a second instead of minutes: usings in order (IMPORTS), members without this. (IDE0003), types by
/// their keywords (IDE0049).
/// </summary>
public sealed class StyleTests
{
    private static readonly HashSet<string> Keywords =
    [
        "Boolean", "Byte", "SByte", "Char", "Decimal", "Double", "Single", "Int16", "UInt16", "Int32", "UInt32", "Int64", "UInt64", "IntPtr", "UIntPtr", "Object", "String",
    ];

    [Fact]
    public void Usings_are_in_order_members_without_this_and_types_by_their_keywords() =>
        Assert.Empty(FileBudgetTests.Files("src", "tests", "benchmarks").SelectMany(path => Findings(File.ReadAllText(path)).Select(finding => $"{path}: {finding}")));

    [Theory]
    [InlineData("using B;\nusing A;", "using A;")]
    [InlineData("using Alpha;\nusing System.Text;", "using System.Text;")]
    [InlineData("using static A.B;\nusing B;", "using B;")]
    [InlineData("using A = System.Int64;\nusing B;", "using B;")]
    [InlineData("class C { int x; int Get() => this.x; }", "this.x")]
    [InlineData("class C { Int32 x; }", "Int32")]
    [InlineData("class C { void Set(System.String x) { } }", "String")]
    [InlineData("class C { List<Double> Get() { Object y = 3; return null; } }", "Double Object")]
    [InlineData("using System;\nusing System.Text;\nusing A.B;\nusing A.B.C;\nusing Ab;\nusing static A.B;\nusing A = B.C;\nclass C { Type Single => typeof(int); C Get() => new(this, Single, E.Int32); }", "")]
    public void Each_is_found(string text, string expected) => Assert.Equal(expected, string.Join(' ', Findings(text)));

    private static IEnumerable<string> Findings(string text)
    {
        CompilationUnitSyntax root = CSharpSyntaxTree.ParseText(text, new CSharpParseOptions(LanguageVersion.Preview)).GetCompilationUnitRoot();
        UsingDirectiveSyntax[] usings = [.. root.Usings];
        IEnumerable<SyntaxNode> outOfOrder = usings.Skip(1).Where((later, i) => IsBefore(later, usings[i]));
        IEnumerable<SyntaxNode> within = root.DescendantNodes().Where(node => node switch
        {
            MemberAccessExpressionSyntax access => access.Expression is ThisExpressionSyntax,
            IdentifierNameSyntax name => Keywords.Contains(name.Identifier.Text) && SyntaxFacts.IsInNamespaceOrTypeContext(name)
                && name.FirstAncestorOrSelf<UsingDirectiveSyntax>() is null && IsOfSystem(name),
            _ => false,
        });
        return outOfOrder.Concat(within).Select(node => node.ToString());
    }

    private static bool IsOfSystem(IdentifierNameSyntax name) =>
        name.Parent is not QualifiedNameSyntax parent || (parent.Right == name && parent.Left.ToString() == "System");

    private static bool IsBefore(UsingDirectiveSyntax one, UsingDirectiveSyntax other)
    {
        (int kind, int system, string name) = Place(one);
        (int kindOfOther, int systemOfOther, string nameOfOther) = Place(other);
        return kind != kindOfOther ? kind < kindOfOther
            : system != systemOfOther ? system < systemOfOther
            : string.Compare(name, nameOfOther, StringComparison.OrdinalIgnoreCase) < 0;

        // A dot comes before every letter, so that a namespace stands before those in it.
        static (int Kind, int System, string Name) Place(UsingDirectiveSyntax each)
        {
            string text = each.Alias?.Name.ToString() ?? each.NamespaceOrType.ToString();
            return (each.Alias is not null ? 2 : each.StaticKeyword.IsKind(SyntaxKind.StaticKeyword) ? 1 : 0, text.Split('.')[0] == "System" ? 0 : 1, text);
        }
    }
}
