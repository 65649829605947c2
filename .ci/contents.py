"""What is in the packages of a feed: python3 .ci/contents.py FEED COMMIT. Fails on anything that is not meant to be there."""
import io, os, re, sys, zipfile
import xml.etree.ElementTree as xml

feed, commit = sys.argv[1:]
root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
address = 'https://github.com/implicitnet/implicitnet'
faults = []

# What each library asks for; of its own kind, exactly its own version.
needs = {
    'ImplicitNet': {'TorchSharp'},
    'ImplicitNet.Files': {'TorchSharp', 'System.IO.Hashing'},
    'ImplicitNet.Training': {'ImplicitNet', 'ImplicitNet.Files'},
    'ImplicitNet.Models': {'ImplicitNet', 'ImplicitNet.Files'},
    'ImplicitNet.Reports': {'ImplicitNet.Training', 'SkiaSharp', 'SkiaSharp.NativeAssets.Linux.NoDependencies'},
}
page = {'README.md', 'LICENSE', 'icon.png'}
steps = {f'buildTransitive/net10.0/{name}' for name in ('Loader.targets', 'Libtorch.targets', 'Collector.targets', 'ElfVersionNeed.cs')}
template = {f'content/implicitnet-layer/{name}' for name in ('ImplicitLayerApp.csproj', 'Model.cs', 'Program.cs', '.template.config/template.json')}
natives = {
    'linux-x64': {'libLibTorchSharp.so', 'libtorch.so', 'libtorch_cpu.so', 'libc10.so', 'libgomp-98b21ff3.so.1', 'libSkiaSharp.so'},
    'win-x64': {'LibTorchSharp.dll', 'torch.dll', 'torch_cpu.dll', 'c10.dll', 'libiomp5md.dll', 'libiompstubs5md.dll', 'uv.dll', 'libSkiaSharp.dll'},
    'osx-arm64': {'libLibTorchSharp.dylib', 'libtorch.dylib', 'libtorch_cpu.dylib', 'libc10.dylib', 'libomp.dylib', 'libSkiaSharp.dylib'},
}
megabytes = {'linux-x64': 135, 'win-x64': 90, 'osx-arm64': 65}


def expect(package, what, found, expected):
    if found != expected:
        faults.append(f'{package}: {what}: {sorted(found - expected)} too many, {sorted(expected - found)} missing')


def about(archive):
    text = archive.read(next(name for name in archive.namelist() if name.endswith('.nuspec'))).decode()
    return xml.fromstring(re.sub(r' xmlns="[^"]*"', '', text)).find('metadata')


def look(package, archive, names):
    """What holds for every package: no path of a build, no dead link, an address and a commit."""
    for name in names:
        data = archive.read(name)
        for path in (root, os.path.expanduser('~') + os.sep + '.'):
            if path.encode() in data or path.encode('utf-16-le') in data:
                faults.append(f'{package}: {name} holds the path {path}')
        if name.endswith('.pdb') and os.path.basename(name).startswith('ImplicitNet') and f'{address.replace("github.com", "raw.githubusercontent.com")}/{commit}/*'.encode() not in data:
            faults.append(f'{package}: {name} has no link to its source')
    if 'README.md' in names:
        for link in re.findall(r'\]\(([^)]*)\)', archive.read('README.md').decode()):
            inside = re.match(re.escape(address) + r'/blob/main/([^#]*)', link)
            if not link.startswith('https://') or inside and not os.path.exists(os.path.join(root, inside.group(1))):
                faults.append(f'{package}: README.md links to {link}')
        repository = about(archive).find('repository')
        if (repository.get('url'), repository.get('commit')) != (address, commit):
            faults.append(f'{package}: repository {repository.attrib}')


seen = set()
for file in sorted(os.listdir(feed)):
    match = re.match(r'(.*?)\.(\d+\.\d+\.\d+.*)\.s?nupkg$', file)
    if not match:
        continue
    package, version = match.groups()
    with zipfile.ZipFile(os.path.join(feed, file)) as archive:
        names = {name for name in archive.namelist() if not re.match(r'_rels/|package/|\[Content_Types\]', name) and not name.endswith('.nuspec')}
        look(package, archive, names)
        size = os.path.getsize(os.path.join(feed, file)) / 1e6
        print(f'{file}: {size:.1f} MB, {len(names)} files')
        if file.endswith('.snupkg'):
            continue
        seen.add(package)
        dependencies = {item.get('id'): item.get('version') for item in about(archive).iter('dependency')}
        own = {name: value for name, value in dependencies.items() if name.startswith('ImplicitNet')}
        if any(value != f'[{version}]' for value in own.values()):
            faults.append(f'{package}: not exactly its own version of {own}')
        platform = package.removeprefix('ImplicitNet.Tool.')
        if package in needs:
            expect(package, 'files', names, page | {'THIRD-PARTY-NOTICES.txt', f'lib/net10.0/{package}.dll', f'lib/net10.0/{package}.xml'} | (steps | {f'buildTransitive/net10.0/{package}.targets'} if 'TorchSharp' in needs[package] else set()))
            # A library that draws says more, so that all parts of SkiaSharp have one version.
            drawing = {name for name in dependencies if package == 'ImplicitNet.Reports' and name not in needs[package]}
            expect(package, 'dependencies', set(dependencies) - drawing, needs[package])
        elif package == 'ImplicitNet.Templates':
            expect(package, 'files', names, page | template)
            if f'"ImplicitNet.Training" Version="{version}"'.encode() not in archive.read('content/implicitnet-layer/ImplicitLayerApp.csproj'):
                faults.append(f'{package}: the project does not ask for version {version}')
        elif platform in natives:
            inside = {os.path.basename(name) for name in names if name.startswith(f'tools/net10.0/{platform}/')}
            managed = {name for name in inside if name.endswith(('.json', '.xml')) or name.endswith('.pdb') and name.startswith('ImplicitNet')
                       or name.endswith('.dll') and name[0].isupper() and name != 'LibTorchSharp.dll' or name in ('ImplicitNet.Cli', 'ImplicitNet.Cli.exe')}
            expect(package, 'native files', inside - managed, natives[platform])
            if any(name.endswith('.xml') and name != 'DotnetToolSettings.xml' for name in inside):
                faults.append(f'{package}: documentation in a tool')
            if size > megabytes[platform]:
                faults.append(f'{package}: {size:.1f} MB, at most {megabytes[platform]}')
            if not {'TorchSharp', f'libtorch-cpu-{platform}', 'SkiaSharp', 'Spectre.Console'} <= set(re.findall(r'^([\w.-]+) [\d.]+$', archive.read('THIRD-PARTY-NOTICES.txt').decode(), re.M)):
                faults.append(f'{package}: licences are missing')
        elif package != 'ImplicitNet.Tool':
            faults.append(f'{package}: not expected')

missing = {*needs, 'ImplicitNet.Templates'} - seen
if missing:
    faults.append(f'no package {sorted(missing)}')
print('\n'.join(faults) or 'contents: as meant')
sys.exit(1 if faults else 0)
