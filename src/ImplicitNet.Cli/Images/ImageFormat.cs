using System.Text;

namespace ImplicitNet.Cli.Images;

/// <summary>Tells by its first bytes what a file is.</summary>
internal static class ImageFormat
{
    /// <summary>What is read, in words.</summary>
    public const string Expected = "PNG, JPEG, WebP, GIF or BMP";

    /// <summary>How the names of such files end, in small letters.</summary>
    public static IReadOnlyList<string> Endings { get; } = [".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp"];

    private static readonly (byte[] Begin, string Name)[] Others =
    [
        ([.. "II*\0"u8], "a TIFF or raw image of a camera"),
        ([.. "MM\0*"u8], "a TIFF or raw image of a camera"),
        ([.. "II+\0"u8], "a BigTIFF image"),
        ([.. "%PDF"u8], "a PDF document"),
        ([0, 0, 1, 0], "a Windows icon (ICO)"),
        ([0, 0, 2, 0], "a Windows cursor (CUR)"),
        ([0xFF, 0x0A], "a JPEG XL image"),
        ([0, 0, 0, 0x0C, .. "JXL "u8], "a JPEG XL image"),
        ([0, 0, 0, 0x0C, .. "jP  "u8], "a JPEG 2000 image"),
        ([0xFF, 0x4F, 0xFF, 0x51], "a JPEG 2000 image"),
        ([.. "8BPS"u8], "a Photoshop document (PSD)"),
        ([.. "gimp xcf"u8], "a GIMP image (XCF)"),
        ([.. "qoif"u8], "a QOI image"),
        ([.. "%!PS"u8], "a PostScript document"),
        ([0x76, 0x2F, 0x31, 0x01], "an OpenEXR image"),
        ([.. "PK"u8, 3, 4], "a zip archive"),
        ([0x1F, 0x8B], "compressed by gzip"),
        ([0x80, 2], "a pickle of Python"),
        ([0x93, .. "NUMPY"u8], "an array of NumPy"),
    ];

    /// <summary>
    /// What a file is that is none of those that are read, in words: "a TIFF image". Null where its first bytes say nothing.
    /// </summary>
    public static string? NameOf(ReadOnlySpan<byte> content)
    {
        foreach ((byte[] begin, string name) in Others)
        {
            if (content.StartsWith(begin))
            {
                return name;
            }
        }

        if (content.Length >= 12 && content[4..].StartsWith("ftyp"u8))
        {
            return Encoding.Latin1.GetString(content[8..12]) switch
            {
                "avif" or "avis" => "an AVIF image",
                "heic" or "heix" or "hevc" or "hevx" or "heim" or "heis" or "mif1" or "msf1" => "a HEIC image",
                _ => "a film or image in an MP4 container",
            };
        }

        if (content is [(byte)'P', >= (byte)'1' and <= (byte)'7', (byte)' ' or (byte)'\n' or (byte)'\r' or (byte)'\t' or (byte)'#', ..])
        {
            return "a portable image of netpbm (PBM, PGM, PPM)";
        }

        return OfText(content[..Math.Min(content.Length, 1024)]);
    }

    private static string? OfText(ReadOnlySpan<byte> begin)
    {
        ReadOnlySpan<byte> text = (begin.StartsWith("\xEF\xBB\xBF"u8) ? begin[3..] : begin).TrimStart(" \t\r\n"u8);
        return text.IndexOf("<svg"u8) >= 0 ? "an SVG drawing"
            : text.StartsWith("<!DOCTYPE html"u8) || text.StartsWith("<html"u8) ? "a web page (HTML)"
            : null;
    }
}
