#!/usr/bin/perl
# A second verifier of audit bundles, written from docs/bundle.md alone: Perl's own modules and openssl.
# Prints the root in base64 and ends with 0; or prints what does not hold and ends with 1.
use strict;
use warnings;
use Digest::SHA qw(sha256 sha256_hex);
use File::Temp qw(tempdir);
use IO::Uncompress::Unzip qw($UnzipError);
use JSON::PP qw(decode_json);
use MIME::Base64 qw(decode_base64 encode_base64);

my $folder = tempdir(CLEANUP => 1);

sub wrong { print "@_\n"; exit 1 }

sub spit {
    my ($name, $content) = @_;
    open my $out, '>:raw', "$folder/$name" or die $!;
    print {$out} $content;
    close $out or die $!;
    return "$folder/$name";
}

# The files, in their order.
my (@names, %files);
my $zip = IO::Uncompress::Unzip->new($ARGV[0]) or wrong("no zip file: $UnzipError");
for (my $more = 1; $more > 0; $more = $zip->nextStream()) {
    my ($name, $content) = ($zip->getHeaderInfo()->{Name}, '');
    while ((my $status = $zip->read(my $piece)) > 0) { $content .= $piece }
    push @names, $name;
    wrong("$name is there twice") if exists $files{$name};
    $files{$name} = $content;
    last if $zip->eof() && $name eq 'manifest.json';
}

my $manifest = decode_json($files{'manifest.json'} // wrong('no manifest'));
wrong('another format') if $manifest->{format} ne 'consentd-audit-bundle/1';
my @told = @{ $manifest->{files} };
wrong('other files') if join("\n", @names) ne join("\n", (map { $_->{name} } @told), 'manifest.json');
for my $file (@told) {
    my $content = $files{ $file->{name} };
    wrong("$file->{name} has another hash") if sha256_hex($content) ne $file->{sha256};
    wrong("$file->{name} has another size") if length($content) != $file->{size};
}

# Signed notes: origin, size and root, an empty line, signatures of "key hash || Ed25519".
my %keys;
for my $line (split /\n/, $files{'log.key'}) {
    my ($name, $hash, $key) = split /\+/, $line, 3;
    my $raw = decode_base64($key);
    wrong('a key of another kind') if length($raw) != 33 || substr($raw, 0, 1) ne "\x01";
    wrong('a key hash that is wrong') if unpack('H8', sha256("$name\n$raw")) ne $hash;
    $keys{"$name $hash"} = substr($raw, 1);
}

sub opened {
    my ($note) = @_;
    my ($text, $signatures) = $note =~ /\A(.*\n)\n((?:\xe2\x80\x94 [^\n]+\n)+)\z/s or wrong('no signed note');
    my ($origin, $size, $root) = $text =~ m{\A([^\n]+)\n(0|[1-9][0-9]*)\n([A-Za-z0-9+/=]{44})\n\z}
        or wrong('no checkpoint');
    wrong('another log') if $origin ne $manifest->{origin};
    my $good = 0;
    while ($signatures =~ /\xe2\x80\x94 ([^ \n]+) ([^ \n]+)\n/g) {
        my ($name, $blob) = ($1, decode_base64($2));
        my $key = $keys{ "$name " . unpack('H8', $blob) } or next;
        my $public = spit('key.der', pack('H*', '302a300506032b6570032100') . $key);
        my $signed = spit('signed', $text);
        my $signature = spit('signature', substr($blob, 4));
        my @command = ('openssl', 'pkeyutl', '-verify', '-pubin', '-keyform', 'DER', '-inkey', $public);
        push @command, '-rawin', '-in', $signed, '-sigfile', $signature;
        my $pid = open my $said, '-|', @command or die $!;
        my @lines = <$said>;
        close $said;
        wrong('the signature does not verify') if $? != 0;
        $good = 1;
    }
    wrong('no signature of this log') if !$good;
    return { size => $size, root => $root };
}

# RFC 9162, 2.1.1.
sub root_of {
    my @hashes = @_;
    return sha256('') if !@hashes;
    return $hashes[0] if @hashes == 1;
    my $left = 1;
    $left *= 2 while $left * 2 < @hashes;
    my @right = splice @hashes, $left;
    return sha256("\x01" . root_of(@hashes) . root_of(@right));
}

my %kept = map { $_ => 1 } @{ $manifest->{kept} };
my (@leaves, %open, %settled, %rows);
my ($sequenced, $waiting) = (0, 0);
for my $name (@names) {
    next if $name !~ m{\Aentries/([0-9]{12})\.jsonl\z} && $name ne 'waiting.jsonl';
    wrong("$name begins elsewhere") if $name ne 'waiting.jsonl' && $1 != $sequenced;
    wrong("$name does not end") if length $files{$name} && $files{$name} !~ /\n\z/;
    my @lines = split /\n/, $files{$name};
    while (@lines) {
        my $line = shift @lines;
        my $entry = decode_json($line);
        wrong('a row that no entry lists') if $entry->{table} ne 'log_entries';
        if ($name eq 'waiting.jsonl') { $waiting++ }
        else { push @leaves, sha256("\x00$line"); $sequenced++ }
        my $person = $entry->{row}{subject_id} // '';
        for my $listed (@{ decode_json($entry->{row}{rows}) }) {
            my ($table, $key, $hash) = @$listed;
            my $row = "$table $key";
            my $here = defined $hash && @lines && sha256_hex($lines[0]) eq $hash;
            if ($here) { shift @lines; $rows{$table}++ }
            if (!$kept{$table}) { wrong("$row is missing or altered") if !$here; next }
            wrong("$row is older than the log says") if $settled{$row};
            my $before = delete $open{$row};
            if ($here) { $settled{$row} = 1 }
            elsif (defined $hash) { $open{$row} = $person }
            elsif (defined $before && $before ne $person) { wrong("$row was removed for somebody else") }
        }
    }
}
wrong('missing: ' . join ', ', sort keys %open) if %open;
wrong('other counts') if $sequenced != $manifest->{size} || $waiting != $manifest->{waiting};
for my $table (keys %{ $manifest->{rows} }) {
    wrong("another count of $table") if ($rows{$table} // 0) != $manifest->{rows}{$table};
}
for my $name (grep { m{\Acheckpoint} } @names) {
    my $note = opened($files{$name});
    wrong("$name is over more entries") if $note->{size} > @leaves;
    wrong("$name is over fewer entries") if $name eq 'checkpoint' && $note->{size} != @leaves;
    my $root = encode_base64(root_of(@leaves[0 .. $note->{size} - 1]), '');
    wrong("$name was signed over other entries") if $root ne $note->{root};
}
print encode_base64(root_of(@leaves), ''), "\n";
