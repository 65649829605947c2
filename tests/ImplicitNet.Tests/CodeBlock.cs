namespace ImplicitNet.Tests;

/// <summary>C# of a page.</summary>
/// <param name="Page">The page, from the repository's folder.</param>
/// <param name="Line">The line of the page where the code begins, from 1.</param>
/// <param name="Code">The code.</param>
/// <param name="Output">What the page says that it prints: the block without a language right below it; null where there is none.</param>
internal sealed record CodeBlock(string Page, int Line, string Code, string? Output);
